package playbooks

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// The types of our own that expressions know. None of them can be built by an
// expression: their names are no identifiers, only their fields can be read.
var (
	userType     = cel.ObjectType("User")
	groupType    = cel.ObjectType("Group")
	appType      = cel.ObjectType("App")
	requestType  = cel.ObjectType("Request")
	approvalType = cel.ObjectType("Approval")
	oktaType     = cel.ObjectType("Okta")
)

// field is one field of a type of ours: what it is and how it is read.
type field struct {
	of   *cel.Type
	read func(e *evaluation, id string) (ref.Val, error)
}

// fieldsOf tells the fields of each type of ours, by type and field name.
func fieldsOf() map[string]map[string]field {
	user := func(read func(User) string) field {
		return field{cel.StringType, func(e *evaluation, id string) (ref.Val, error) {
			u, err := e.world.User(e.ctx, id)
			return types.String(read(u)), err
		}}
	}
	group := func(read func(Group) string) field {
		return field{cel.StringType, func(e *evaluation, id string) (ref.Val, error) {
			g, err := e.world.Group(e.ctx, id)
			return types.String(read(g)), err
		}}
	}
	app := func(read func(App) string) field {
		return field{cel.StringType, func(e *evaluation, id string) (ref.Val, error) {
			a, err := e.world.App(e.ctx, id)
			return types.String(read(a)), err
		}}
	}
	of := func(t *cel.Type, read func(e *evaluation) ref.Val) field {
		return field{t, func(e *evaluation, _ string) (ref.Val, error) { return read(e), nil }}
	}
	request := func(read func(Request) string) field {
		return of(cel.StringType, func(e *evaluation) ref.Val { return types.String(read(e.c.Request)) })
	}
	id := field{cel.StringType, func(_ *evaluation, id string) (ref.Val, error) { return types.String(id), nil }}

	return map[string]map[string]field{
		"User": {
			"id":             id,
			"email":          user(func(u User) string { return u.Email }),
			"login":          user(func(u User) string { return u.Login }),
			"name":           user(func(u User) string { return u.Name }),
			"firstName":      user(func(u User) string { return u.FirstName }),
			"lastName":       user(func(u User) string { return u.LastName }),
			"status":         user(func(u User) string { return u.Status }),
			"title":          user(func(u User) string { return u.Title }),
			"department":     user(func(u User) string { return u.Department }),
			"city":           user(func(u User) string { return u.City }),
			"country":        user(func(u User) string { return u.Country }),
			"employeeNumber": user(func(u User) string { return u.EmployeeNumber }),
			"userType":       user(func(u User) string { return u.UserType }),
			"groups":         {cel.ListType(cel.StringType), (*evaluation).groupNames},
			"apps":           {cel.ListType(cel.StringType), (*evaluation).appLabels},
			"attributes":     {cel.MapType(cel.StringType, cel.StringType), (*evaluation).attributes},
		},
		"Group": {
			"id":          id,
			"name":        group(func(g Group) string { return g.Name }),
			"type":        group(func(g Group) string { return g.Type }),
			"description": group(func(g Group) string { return g.Description }),
		},
		"App": {
			"id":     id,
			"label":  app(func(a App) string { return a.Label }),
			"signOn": app(func(a App) string { return a.SignOn }),
			"status": app(func(a App) string { return a.Status }),
		},
		"Request": {
			"id":      request(func(r Request) string { return r.ID }),
			"service": request(func(r Request) string { return r.Service }),
			"channel": request(func(r Request) string { return r.Channel }),
			"text":    request(func(r Request) string { return r.Text }),
			"source":  request(func(r Request) string { return r.Source }),
			"opened":  of(cel.TimestampType, func(e *evaluation) ref.Val { return types.Timestamp{Time: e.c.Request.Opened} }),
		},
		"Approval": {
			"by":       of(userType, func(e *evaluation) ref.Val { return e.user(e.c.Approval.By) }),
			"comment":  of(cel.StringType, func(e *evaluation) ref.Val { return types.String(e.c.Approval.Comment) }),
			"duration": of(cel.DurationType, (*evaluation).approvedDuration),
		},
		"Okta": {
			"url": of(cel.StringType, func(e *evaluation) ref.Val { return types.String(e.c.OktaURL) }),
		},
	}
}

func (e *evaluation) groupNames(id string) (ref.Val, error) {
	groups, err := e.world.GroupsOf(e.ctx, id)
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name
	}
	return types.NewStringList(types.DefaultTypeAdapter, names), err
}

func (e *evaluation) appLabels(id string) (ref.Val, error) {
	apps, err := e.world.AppsOf(e.ctx, id)
	labels := make([]string, len(apps))
	for i, a := range apps {
		labels[i] = a.Label
	}
	return types.NewStringList(types.DefaultTypeAdapter, labels), err
}

func (e *evaluation) attributes(id string) (ref.Val, error) {
	u, err := e.world.User(e.ctx, id)
	return types.NewStringStringMap(types.DefaultTypeAdapter, u.Attributes), err
}

func (e *evaluation) approvedDuration() ref.Val {
	if e.c.Approval.Duration == 0 {
		return types.NullValue
	}
	return types.Duration{Duration: e.c.Approval.Duration}
}

// object is a value of a type of ours: an id whose fields are read when they are
// used, so that an expression costs no question that it does not ask.
type object struct {
	of *cel.Type
	id string
	in *evaluation
}

// Equal compares by id.
func (o *object) Equal(other ref.Val) ref.Val {
	that, ok := other.(*object)
	return types.Bool(ok && that.of == o.of && that.id == o.id)
}

// Type is the type in expressions.
func (o *object) Type() ref.Type { return o.of }

// Value is the object itself: there is no Go value behind it.
func (o *object) Value() any { return o }

// ConvertToNative refuses, because nothing outside may look into an object.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s can't become %v", o.of, t)
}

// ConvertToType refuses: an object stays what it is.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("%s can't become %s", o.of, t.TypeName())
}

func (e *evaluation) user(id string) ref.Val  { return &object{userType, id, e} }
func (e *evaluation) group(id string) ref.Val { return &object{groupType, id, e} }
func (e *evaluation) app(id string) ref.Val   { return &object{appType, id, e} }

func (e *evaluation) users(all []User) ref.Val {
	vals := make([]ref.Val, len(all))
	for i, u := range all {
		vals[i] = e.user(u.ID)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, vals)
}

func (e *evaluation) groups(all []Group) ref.Val {
	vals := make([]ref.Val, len(all))
	for i, g := range all {
		vals[i] = e.group(g.ID)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, vals)
}

func (e *evaluation) apps(all []App) ref.Val {
	vals := make([]ref.Val, len(all))
	for i, a := range all {
		vals[i] = e.app(a.ID)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, vals)
}

// typeProvider tells CEL the fields of our types. It knows them as types but not
// as identifiers, so that User{id: "…"} does not compile.
type typeProvider struct {
	types.Provider
	fields map[string]map[string]field
}

// FindStructType knows our types.
func (p *typeProvider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.fields[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames lists the fields of our types.
func (p *typeProvider) FindStructFieldNames(name string) ([]string, bool) {
	fields, ok := p.fields[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, true
}

// FindStructFieldType tells a field's type and how to read it.
func (p *typeProvider) FindStructFieldType(name, fieldName string) (*types.FieldType, bool) {
	fields, ok := p.fields[name]
	if !ok {
		return p.Provider.FindStructFieldType(name, fieldName)
	}
	f, ok := fields[fieldName]
	if !ok {
		return nil, false
	}
	return &types.FieldType{
		Type: f.of,
		IsSet: func(target any) bool {
			_, isObject := target.(*object)
			return isObject
		},
		GetFrom: func(target any) (any, error) {
			o, isObject := target.(*object)
			if !isObject {
				return nil, fmt.Errorf("there is no %s to read %q from: it is null", name, fieldName)
			}
			return f.read(o.in, o.id)
		},
	}, true
}
