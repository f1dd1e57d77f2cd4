package infra

import (
	"context"
	"fmt"
	"strings"

	"github.com/reliableq/reliableq/deploy/internal/hint"
)

// ways are texts of known failures and what to do about each; the first that
// fits counts.
var ways = []struct{ text, next string }{
	{"Unsupported state file format", damagedState},
	{"Error acquiring the state lock", "another run works on this deployment: wait for it; if its machine is gone, remove the lock with terraform force-unlock and the ID above, in the folder work/terraform beside the state"},
	{"doesn't match any of the checksums", "the provider in the mirror is not the published one: fetch it again with terraform providers mirror"},
	{"Failed to query available provider packages", "no local mirror has the AWS provider, and the registry cannot be reached: see --provider-mirror"},
	{"could not connect to registry", "connect to a network, or name a local mirror of the provider with --provider-mirror"},
	{"Failed to install provider", "the AWS provider could not be fetched: connect to a network, or name a local mirror with --provider-mirror"},
	{"no space left on device", "free some disk space, or put the state on another disk with --state-dir"},
	{"was ended by a signal", "run the same command again: it finishes what was begun"},
	{"connection refused", "nothing answers at the endpoint: see that it runs (reliableq local status) and start again"},
	{"No valid credential sources found", "log in to AWS, for instance with aws configure or aws sso login"},
	{"ExpiredToken", "the AWS credentials have expired: log in again"},
	{"InvalidClientTokenId", "AWS does not know these credentials: see AWS_ACCESS_KEY_ID or the profile"},
	{"AccessDenied", "the credentials may not do this: ask for the permission that the message names"},
	{"AuthorizationError", "the credentials may not do this: ask for the permission that the message names"},
	{"Unsupported Terraform Core version", "update Terraform, or name another with --tool"},
	{"read-only file system", "choose a folder that you may write to with --state-dir"},
}

// most is how many errors of one run are shown in full.
const most = 5

// failure makes one error of what a run of the tool said and how it ended.
func (t *Terraform) failure(ctx context.Context, verb string, err error, diagnostics []Diagnostic, other string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s %s: %w", t.tool.Name(), verb, context.Cause(ctx))
	}
	var said []string
	for i, d := range diagnostics {
		if i == most {
			said = append(said, fmt.Sprintf("and %d more", len(diagnostics)-most))
			break
		}
		said = append(said, d.text())
	}
	if len(said) == 0 {
		said = append(said, strings.TrimSpace(err.Error()+"\n"+other))
	}
	all := strings.Join(said, "\n")
	return hint.With(fmt.Errorf("%s %s failed:%s", t.tool.Name(), verb, indented(all)), wayOut(all))
}

// text is the diagnostic for people.
func (d Diagnostic) text() string {
	var b strings.Builder
	b.WriteString(d.Summary)
	if d.Detail != "" {
		b.WriteString(": " + strings.TrimSpace(d.Detail))
	}
	var where []string
	if d.Address != "" {
		where = append(where, d.Address)
	}
	if d.Range != nil {
		where = append(where, fmt.Sprintf("%s:%d", d.Range.Filename, d.Range.Start.Line))
	}
	if len(where) > 0 {
		b.WriteString(" (" + strings.Join(where, ", ") + ")")
	}
	return b.String()
}

// wayOut is the next step for a failure with this text.
func wayOut(text string) string {
	flat := strings.Join(strings.Fields(text), " ")
	for _, w := range ways {
		if strings.Contains(flat, w.text) {
			return w.next
		}
	}
	return "correct what is named above and run the same command again: what was made already is kept"
}
