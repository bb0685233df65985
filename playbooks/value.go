package playbooks

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// Type is what an input holds.
type Type string

// The types of inputs.
const (
	TypeUser     Type = "user"
	TypeGroup    Type = "group"
	TypeApp      Type = "app"
	TypeText     Type = "text"
	TypeChoice   Type = "choice"
	TypeNumber   Type = "number"
	TypeDuration Type = "duration"
	TypeDate     Type = "date"
	TypeYesNo    Type = "yesno"
)

// inputTypes are all types, in the order in which the manual tells them.
func inputTypes() []Type {
	return []Type{TypeUser, TypeGroup, TypeApp, TypeText, TypeChoice, TypeNumber, TypeDuration, TypeDate, TypeYesNo}
}

// Object tells that values of the type are ids of something in Okta.
func (t Type) Object() bool { return t == TypeUser || t == TypeGroup || t == TypeApp }

// Value is what an input was given, in words that survive a database: ids of
// users, groups and applications; a whole number in digits; a duration as Go
// writes it; a date as RFC 3339 in UTC; true or false.
type Value struct {
	Type  Type     `json:"type"`
	List  bool     `json:"list,omitempty"`
	Items []string `json:"items"`
}

// UserValue is a user, by id.
func UserValue(id string) Value { return Value{Type: TypeUser, Items: []string{id}} }

// GroupValue is a group, by id.
func GroupValue(id string) Value { return Value{Type: TypeGroup, Items: []string{id}} }

// TextValue is text.
func TextValue(s string) Value { return Value{Type: TypeText, Items: []string{s}} }

// DurationValue is a duration.
func DurationValue(d time.Duration) Value {
	return Value{Type: TypeDuration, Items: []string{d.String()}}
}

// DateValue is a moment; a day is the midnight in UTC that begins it.
func DateValue(t time.Time) Value {
	return Value{Type: TypeDate, Items: []string{t.UTC().Format(time.RFC3339)}}
}

// YesNoValue is yes or no.
func YesNoValue(yes bool) Value {
	return Value{Type: TypeYesNo, Items: []string{strconv.FormatBool(yes)}}
}

// ListValue is a list of values of one type.
func ListValue(t Type, items ...string) Value { return Value{Type: t, List: true, Items: items} }

// Given tells that there is a value at all.
func (v Value) Given() bool { return len(v.Items) > 0 }

// celType is the type that an input's name has in expressions.
func celType(t Type, isList, optional bool) *cel.Type {
	of := cel.StringType
	switch t {
	case TypeUser:
		of = userType
	case TypeGroup:
		of = groupType
	case TypeApp:
		of = appType
	case TypeNumber:
		of = cel.IntType
	case TypeDuration:
		of = cel.DurationType
	case TypeDate:
		of = cel.TimestampType
	case TypeYesNo:
		of = cel.BoolType
	case TypeText, TypeChoice:
	}
	switch {
	case isList:
		return cel.ListType(of)
	case optional && (of == cel.StringType || of == cel.IntType || of == cel.BoolType):
		return cel.NullableType(of)
	}
	return of
}

// celValue makes the value that an expression works with.
func (e *evaluation) celValue(v Value) ref.Val {
	items := make([]ref.Val, len(v.Items))
	for i, item := range v.Items {
		one, err := e.celItem(v.Type, item)
		if err != nil {
			return types.WrapErr(err)
		}
		items[i] = one
	}
	switch {
	case v.List:
		return types.NewRefValList(types.DefaultTypeAdapter, items)
	case len(items) == 0:
		return types.NullValue
	default:
		return items[0]
	}
}

func (e *evaluation) celItem(t Type, item string) (ref.Val, error) {
	switch t {
	case TypeUser:
		return e.user(item), nil
	case TypeGroup:
		return e.group(item), nil
	case TypeApp:
		return e.app(item), nil
	case TypeText, TypeChoice:
		return types.String(item), nil
	case TypeNumber:
		n, err := strconv.ParseInt(item, 10, 64)
		return types.Int(n), err
	case TypeDuration:
		d, err := time.ParseDuration(item)
		return types.Duration{Duration: d}, err
	case TypeDate:
		d, err := time.Parse(time.RFC3339, item)
		return types.Timestamp{Time: d}, err
	case TypeYesNo:
		yes, err := strconv.ParseBool(item)
		return types.Bool(yes), err
	}
	return nil, fmt.Errorf("no type %q of inputs", t)
}

// itemOf writes a CEL value of an input's type as an item.
func itemOf(v ref.Val) (string, error) {
	switch v := v.(type) {
	case *object:
		return v.id, nil
	case types.String:
		return string(v), nil
	case types.Int:
		return strconv.FormatInt(int64(v), 10), nil
	case types.Duration:
		return v.String(), nil
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339), nil
	case types.Bool:
		return strconv.FormatBool(bool(v)), nil
	}
	return "", fmt.Errorf("%v is no value of an input", v.Type())
}
