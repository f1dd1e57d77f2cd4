package main

import (
	"strings"
	"testing"

	"github.com/reliableq/reliableq/deploy/internal/daemon"
	"github.com/reliableq/reliableq/localaws/lambda/process"
)

func TestARunningServerMustHaveTheRequestedIsolation(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		isolation   process.Isolation
		noIsolation bool
		want        string
	}{
		{process.Shared, true, ""},
		{process.Shared, false, ""},
		{process.UserNamespace, false, ""},
		{process.UserNamespace, true, "it has isolation user namespace, and the flags want isolation shared"},
		{process.OwnUser, true, "it has isolation own user, and the flags want isolation shared"},
	} {
		t.Run(row.isolation.String(), func(t *testing.T) {
			v := localStartVerb{NoIsolation: row.noIsolation}
			err := v.checkOptions(daemon.Info{URL: "http://127.0.0.1:4566", Isolation: row.isolation.String()})
			switch {
			case row.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("error %v, want %q", err, row.want)
			}
		})
	}
}

func TestFunctionsWithoutIsolationAreWarnedAbout(t *testing.T) {
	t.Parallel()
	if got := isolationWarning(daemon.Info{Isolation: process.Shared.String()}); !strings.Contains(got, "not isolated") {
		t.Errorf("warning %q", got)
	}
	if got := isolationWarning(daemon.Info{Isolation: process.OwnUser.String()}); got != "" {
		t.Errorf("warning %q", got)
	}
}
