package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Directory translates between the ARNs of IAM's roles and users and their unique
// ids. A resource's policy is stored with ids instead of ARNs: a role that is deleted
// and created again is another principal, which the policy does not name (IAM A1).
// The zero value leaves policies unchanged.
type Directory struct {
	// ID returns the unique id of the principal with an ARN, and false if there is
	// none. An ARN that cannot be looked up, such as that of another account, is
	// returned unchanged.
	ID func(arn string) (id string, ok bool)
	// ARN returns the ARN of the principal with a unique id, and false if there is
	// none.
	ARN func(id string) (arn string, ok bool)
}

// uniqueID matches a principal's unique id. That of a session is its role's id, a
// colon and the session's name.
var uniqueID = regexp.MustCompile(`^A[A-Za-z0-9]{15,127}(:[\w+=,.@-]{1,64})?$`)

// WithIDs returns a policy as it is stored: with unique ids instead of the ARNs of its
// principals. The rest of the text is unchanged. If a principal does not exist, the
// error is a *ParseError that names it. The text must be one that [Parse] accepts.
func (d Directory) WithIDs(text string) (string, error) {
	if d.ID == nil {
		return text, nil
	}
	return replacePrincipals(text, func(principal string) (string, error) {
		id, ok := d.PrincipalID(principal)
		if !ok {
			return "", invalidPrincipal("AWS", principal)
		}
		return id, nil
	})
}

// PrincipalID returns one principal as it is stored, and false if it does not exist.
func (d Directory) PrincipalID(principal string) (string, bool) {
	if d.ID == nil || principal == "*" || accountID.MatchString(principal) || strings.HasSuffix(principal, ":root") {
		return principal, true
	}

	if uniqueID.MatchString(principal) {
		_, ok := d.ARN(principal)
		return principal, ok
	}
	return d.ID(principal)
}

// PrincipalARN returns the ARN of a principal that is stored by its unique id. It
// returns false for any other text, and if the principal no longer exists.
func (d Directory) PrincipalARN(id string) (arn string, ok bool) {
	if d.ARN == nil || !uniqueID.MatchString(id) {
		return "", false
	}
	return d.ARN(id)
}

// WithARNs returns a stored policy with ARNs instead of unique ids. The id of a principal
// that was deleted is unchanged.
func (d Directory) WithARNs(text string) string {
	if d.ARN == nil || text == "" {
		return text
	}

	shown, err := replacePrincipals(text, func(principal string) (string, error) {
		if arn, ok := d.PrincipalARN(principal); ok {
			return arn, nil
		}
		return principal, nil
	})
	if err != nil {
		return text // not valid JSON, which WithIDs would not have stored
	}
	return shown
}

func invalidPrincipal(kind, name string) *ParseError {
	return &ParseError{fmt.Sprintf("Invalid principal in policy: %q:%q", kind, name)}
}

// frame is an object or a list that the decoder is in.
type frame struct {
	object bool
	key    string // the current member of an object
	inKey  bool   // the next token is a key
}

// replacePrincipals calls replace for each AWS principal of a policy and returns the
// policy with the results instead of the principals. Everything else, white space
// included, is unchanged.
func replacePrincipals(text string, replace func(string) (string, error)) (string, error) {
	var (
		out    strings.Builder
		stack  []frame
		copied int // number of bytes of text that are in out or were replaced
		last   int // end of the last token
	)
	dec := json.NewDecoder(strings.NewReader(text))

	// endValue marks the value of a member as complete.
	endValue := func() {
		if n := len(stack); n > 0 && stack[n-1].object {
			stack[n-1].inKey = true
		}
	}

	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("read policy: %w", err)
		}

		// The decoder returns where a token ends; it starts after separators.
		start := last + strings.IndexFunc(text[last:], func(r rune) bool { return !strings.ContainsRune(" \t\r\n,:", r) })
		last = int(dec.InputOffset())

		switch v := token.(type) {
		case json.Delim:
			if v == '{' || v == '[' {
				stack = append(stack, frame{object: v == '{', inKey: v == '{'})
				continue
			}
			stack = stack[:len(stack)-1]
		case string:
			// A key is not replaced: it shows which member the next value is of.
			if n := len(stack); n > 0 && stack[n-1].inKey {
				stack[n-1].key = v
				stack[n-1].inKey = false
				continue
			}
			if !isPrincipal(stack) {
				break
			}
			replaced, err := replace(v)
			if err != nil {
				return "", err
			}
			if replaced != v {
				quoted, err := json.Marshal(replaced)
				if err != nil {
					return "", fmt.Errorf("encode principal %s: %w", replaced, err)
				}
				out.WriteString(text[copied:start])
				out.Write(quoted)
				copied = last
			}
		}
		endValue()
	}

	out.WriteString(text[copied:])
	return out.String(), nil
}

// isPrincipal reports whether a string below these objects and lists is an AWS
// principal.
func isPrincipal(stack []frame) bool {
	var path []string
	for _, f := range stack {
		if f.object {
			path = append(path, f.key)
		}
	}
	return slices.Equal(path, []string{"Statement", "Principal", "AWS"}) ||
		slices.Equal(path, []string{"Statement", "NotPrincipal", "AWS"})
}
