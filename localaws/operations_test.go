package localaws

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
)

var update = flag.Bool("update", false, "rewrite docs/operations.md")

// documented is a service of docs/operations.md.
type documented struct {
	title  string
	name   string // of the service in signatures
	client reflect.Type
}

var documentedServices = []documented{
	{"Lambda", "lambda", reflect.TypeFor[*lambda.Client]()},
	{"IAM", "iam", reflect.TypeFor[*iam.Client]()},
	{"STS", "sts", reflect.TypeFor[*sts.Client]()},
	{"CloudWatch Logs", "logs", reflect.TypeFor[*cloudwatchlogs.Client]()},
	{"CloudWatch", "monitoring", reflect.TypeFor[*cloudwatch.Client]()},
}

const byName = "refused by name"

const operationsHead = `# The embedded Lambda, IAM, STS, CloudWatch Logs and CloudWatch

Every operation of these services in the AWS SDK for Go, and every parameter of the operations that are embedded:

- *exact*: the same responses, error codes, error texts and effects, as far as recordings of the real services and their
  documentation show;
- *approximate*: the row describes the difference;
- *refused by name*: a request that uses it gets an error that names it. Nothing is accepted and ignored.

Members of a parameter have the same status as the parameter unless they have a row. For SQS see [sqs.md](sqs.md).

This page is generated from the code by ` + "`go test ./localaws -run TestOperationsTable -update`" + `. Without ` + "`-update`" + ` the same
test fails when an operation or a parameter of the SDK is missing here, or when the code and this page differ.
`

// TestOperationsTable writes the page from the services' own tables and the SDK's
// types, and compares it with what is in docs.
func TestOperationsTable(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var page strings.Builder
	page.WriteString(operationsHead)
	used := map[string]bool{}
	for _, d := range documentedServices {
		d.write(t, &page, s.parts.dispatcher.Services[d.name], used)
	}
	for key := range notes {
		if !used[key] {
			t.Errorf("the note %q does not match any operation or parameter", key)
		}
	}
	path := filepath.Join("..", "docs", "operations.md")
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != page.String() {
		t.Errorf("docs/operations.md does not match the code: run this test with -update and review the changes")
	}
}

// write adds a service's part.
func (d *documented) write(t *testing.T, page *strings.Builder, service *awsapi.Service, used map[string]bool) {
	t.Helper()
	inputs := d.inputs()
	if len(inputs) < 10 {
		t.Fatalf("the SDK's client of %s has %d operations: the test does not understand the type", d.name, len(inputs))
	}
	fmt.Fprintf(page, "\n## %s\n\n", d.title)
	if text := notes[d.name]; text != "" {
		used[d.name] = true
		page.WriteString(text + "\n\n")
	}
	page.WriteString("| Operation | Parameter | Status |\n|---|---|---|\n")
	var others []string
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		op, embedded := service.Operations[name]
		if !embedded {
			others = append(others, name)
			continue
		}
		fmt.Fprintf(page, "| %s | | %s |\n", name, d.verdict(used, name, ""))
		for _, row := range compare("", inputs[name], reflect.TypeOf(op.New()).Elem(), 3) {
			verdict := byName
			if row.embedded {
				verdict = d.verdict(used, name, row.member)
			}
			if row.embedded && strings.Contains(row.member, ".") {
				continue // its parent has a row
			}
			fmt.Fprintf(page, "| %s | %s | %s |\n", name, row.member, verdict)
		}
	}
	for name := range service.Operations {
		if inputs[name] == nil {
			t.Errorf("%s has an operation %s that the SDK does not have", d.name, name)
		}
	}
	fmt.Fprintf(page, "\n%d of %d operations are embedded. These are %s:\n", len(inputs)-len(others), len(inputs), byName)
	page.WriteString(wrap(others, 120))
}

// wrap joins names into lines of at most width characters.
func wrap(names []string, width int) string {
	var b strings.Builder
	at := 0
	for i, name := range names {
		if i < len(names)-1 {
			name += ","
		} else {
			name += "."
		}
		if at > 0 && at+1+len(name) > width {
			b.WriteString("\n")
			at = 0
		}
		if at > 0 {
			b.WriteString(" ")
			at++
		}
		b.WriteString(name)
		at += len(name)
	}
	return b.String() + "\n"
}

// verdict returns how closely an operation or a parameter matches AWS.
func (d *documented) verdict(used map[string]bool, operation, member string) string {
	keys := []string{d.name + " " + operation + " " + member, d.name + " * " + member}
	if member == "" {
		keys = []string{d.name + " " + operation}
	}
	for _, key := range keys {
		if note := notes[key]; note != "" {
			used[key] = true
			return note
		}
	}
	return "exact"
}

// inputs returns the inputs of the SDK's operations, by name.
func (d *documented) inputs() map[string]reflect.Type {
	inputs := map[string]reflect.Type{}
	for i := range d.client.NumMethod() {
		m := d.client.Method(i)
		if m.Type.NumIn() >= 3 && m.Type.NumOut() == 2 && strings.HasSuffix(m.Type.In(2).String(), "."+m.Name+"Input") {
			inputs[m.Name] = m.Type.In(2).Elem()
		}
	}
	return inputs
}

// row is a parameter of the SDK, and whether the service reads it.
type row struct {
	member   string
	embedded bool
}

// compare lists the members of the SDK's type, and nested members up to a depth.
func compare(prefix string, theirs, ours reflect.Type, depth int) (rows []row) {
	fields := fieldsOf(ours)
	for i := range theirs.NumField() {
		f := theirs.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		mine, some := fields[strings.ToLower(f.Name)]
		rows = append(rows, row{prefix + f.Name, some})
		inner, within := structOf(f.Type), reflect.Type(nil)
		if some {
			within = structOf(mine)
		}
		if depth > 1 && inner != nil && within != nil {
			rows = append(rows, compare(prefix+f.Name+".", inner, within, depth-1)...)
		}
	}
	return rows
}

// fieldsOf returns the members of a type by their wire name in lower case.
func fieldsOf(of reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			name = f.Name
		}
		if header := f.Tag.Get("header"); header != "" {
			name = strings.ReplaceAll(strings.TrimPrefix(header, "X-Amz-"), "-", "")
		}
		if f.IsExported() && !f.Anonymous {
			fields[strings.ToLower(name)] = f.Type
		}
	}
	return fields
}

// structOf returns the structure that a member holds, directly, in a list or in a map. It
// returns nil if there is none.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[awsapi.Timestamp]() {
		return nil
	}
	return t
}

// TestRefusedParametersAreNamed sends each parameter that the page lists as refused
// because the code does not read it.
func TestRefusedParametersAreNamed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	sent := 0
	for _, d := range documentedServices {
		t.Run(d.name, func(t *testing.T) {
			service, inputs := s.parts.dispatcher.Services[d.name], d.inputs()
			for name, op := range service.Operations {
				for _, r := range compare("", inputs[name], reflect.TypeOf(op.New()).Elem(), 3) {
					if r.embedded || notes[d.name+" "+name+" "+r.member] != "" {
						continue
					}
					sent++
					in := op.New()
					var err error
					if op.Path != "" {
						err = wire.DecodeREST(wire.Request{Body: nested(r.member, false)}, in)
					} else {
						err = wire.DecodeJSON(nested(r.member, d.name == "logs"), in)
					}
					var refusal *wire.Error
					leaf := r.member[strings.LastIndexByte(r.member, '.')+1:]
					if !errors.As(err, &refusal) || refusal.Kind != wire.Unsupported || !strings.Contains(strings.ToLower(refusal.Member), strings.ToLower(leaf)) {
						t.Errorf("%s of %s: %v, want a refusal that names it", r.member, name, err)
					}
				}
			}
		})
	}
	if sent < 40 {
		t.Errorf("sent %d parameters: the test does not understand the types", sent)
	}
}

// nested returns a JSON body with one member, given by its path.
func nested(member string, lowerCase bool) []byte {
	v := any("x")
	parts := strings.Split(member, ".")
	for _, name := range slices.Backward(parts) {
		if lowerCase {
			name = strings.ToLower(name[:1]) + name[1:]
		}
		v = map[string]any{name: v}
	}
	b, _ := json.Marshal(v) // strings always encode
	return b
}

// TestOperationsThatAreNotEmbeddedAreNamed calls every other operation of the SDK, in
// each protocol of the service.
func TestOperationsThatAreNotEmbeddedAreNamed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	refused := map[string]awsapi.Operation{}
	for _, op := range s.parts.dispatcher.Services["lambda"].Refused {
		refused[op.Name] = op
	}
	for _, d := range documentedServices {
		t.Run(d.name, func(t *testing.T) {
			service := s.parts.dispatcher.Services[d.name]
			for name := range d.inputs() {
				if _, embedded := service.Operations[name]; embedded {
					if _, twice := refused[name]; twice {
						t.Errorf("%s is both embedded and refused", name)
					}
					continue
				}
				for protocol, r := range requests(service, refused[name], name) {
					w := httptest.NewRecorder()
					s.Handler().ServeHTTP(w, r)
					if w.Code/100 == 2 || !strings.Contains(w.Body.String(), name) {
						t.Errorf("%s of %s over %s: %d %s", name, d.name, protocol, w.Code, w.Body)
					}
				}
			}
		})
	}
}

// requests returns requests for an operation by its name, or over REST by method and
// path.
func requests(s *awsapi.Service, rest awsapi.Operation, name string) map[string]*http.Request {
	all := map[string]*http.Request{}
	if s.QueryVersion != "" {
		r := httptest.NewRequest("POST", "http://localhost/", strings.NewReader("Action="+name+"&Version="+s.QueryVersion))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		all["Query"] = r
	}
	if s.Target != "" {
		r := httptest.NewRequest("POST", "http://localhost/", strings.NewReader("{}"))
		r.Header.Set("X-Amz-Target", s.Target+"."+name)
		all["JSON"] = r
	}
	if s.CBORService != "" {
		r := httptest.NewRequest("POST", "http://localhost/service/"+s.CBORService+"/operation/"+name, strings.NewReader("\xa0"))
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
		all["CBOR"] = r
	}
	if len(all) == 0 && name != "GetLayerVersionByArn" && name != "ListProvisionedConcurrencyConfigs" {
		path := strings.NewReplacer("{", "", "}", "").Replace(cmp.Or(rest.Path, "/none"))
		all["REST"] = httptest.NewRequest(cmp.Or(rest.Method, "GET"), "http://localhost"+path, nil)
	}
	return all
}

// newServer creates a server that is shut down at the end of the test.
func newServer(t *testing.T) *Server {
	t.Helper()
	s, err := New(Options{NoAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}
