package slacksim

import "encoding/json"

// str is a string field of a JSON object, or "".
func str(o object, key string) string {
	s, _ := o[key].(string)
	return s
}

// obj is an object field of a JSON object, or nil.
func obj(o object, key string) object {
	inner, _ := o[key].(object)
	return inner
}

func boolean(o object, key string) bool {
	b, _ := o[key].(bool)
	return b
}

// objects is a list of JSON objects, leaving out what is none.
func objects(v any) []object {
	switch list := v.(type) {
	case []object:
		return list
	case []any:
		out := make([]object, 0, len(list))
		for _, item := range list {
			if o, ok := item.(object); ok {
				out = append(out, o)
			}
		}
		return out
	}
	return nil
}

// deepCopy copies what came from JSON, so that it can be changed.
func deepCopy[T any](v T) T {
	var out T
	raw, err := json.Marshal(v)
	if err != nil || json.Unmarshal(raw, &out) != nil {
		return v
	}
	return out
}
