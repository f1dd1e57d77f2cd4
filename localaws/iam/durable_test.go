package iam_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/reliableq/reliableq/localaws/awsapi"
	"github.com/reliableq/reliableq/localaws/chance"
	"github.com/reliableq/reliableq/localaws/clock"
	"github.com/reliableq/reliableq/localaws/gateway/wire"
	"github.com/reliableq/reliableq/localaws/iam"
	"github.com/reliableq/reliableq/localaws/store"
)

// fill decodes an operation's input as the gateway does.
func fill(t *testing.T, in any, form url.Values) {
	t.Helper()
	if err := (wire.Query{}).Decode(form, in); err != nil {
		t.Fatal(err)
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start := func() (*iam.Service, func()) {
		st, err := store.Open(dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := clock.New(clock.Manual, time.Time{})
		s, err := iam.New(iam.Options{Clock: c, Chance: chance.New(), Store: st, Account: account})
		if err != nil {
			t.Fatal(err)
		}
		return s, func() {
			c.Close()
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		}
	}

	s, stop := start()
	operator := s.Operator()
	call := &awsapi.Call{Account: account, Caller: operator.Caller}
	d := &awsapi.Dispatcher{Services: map[string]*awsapi.Service{"iam": s.API()}, Authorize: s.Authorize}
	for _, name := range []string{"stored", "deleted"} {
		in := d.Services["iam"].Operations["CreateRole"].New()
		fill(t, in, url.Values{"RoleName": {name}, "AssumeRolePolicyDocument": {trustsFunc}})
		if _, err := d.Do(t.Context(), call, "iam", "CreateRole", in); err != nil {
			t.Fatal(err)
		}
	}

	key, err := s.Session(t.Context(), arnOf("stored"), lambdaService, "fn", time.Hour)
	if err != nil {
		t.Fatal(err)
	}

	in := d.Services["iam"].Operations["DeleteRole"].New()
	fill(t, in, url.Values{"RoleName": {"deleted"}})
	if _, err := d.Do(t.Context(), call, "iam", "DeleteRole", in); err != nil {
		t.Fatal(err)
	}

	stop()

	s, stop = start()
	defer stop()
	if got := s.Operator(); got != operator {
		t.Errorf("the operator was %+v and is %+v", operator, got)
	}

	if got, ok := s.Credential(key.AccessKey); !ok || got.Secret != key.Secret || got.Caller != key.Caller || !got.Expires.Equal(key.Expires) {
		t.Errorf("the session was %+v and is %+v", key, got)
	}

	if _, err := s.Session(t.Context(), arnOf("stored"), lambdaService, "fn", time.Hour); err != nil {
		t.Errorf("the role is missing: %v", err)
	}

	if _, err := s.Session(t.Context(), arnOf("deleted"), lambdaService, "fn", time.Hour); err == nil {
		t.Error("the deleted role exists again")
	}
}

func TestResetKeepsTheOperatorAndOtherAccounts(t *testing.T) {
	t.Parallel()
	w := newTestGateway(t)
	w.role(t, "r", trustsFunc, maySend)
	key, err := w.Session(t.Context(), arnOf("r"), lambdaService, "fn", time.Hour)
	if err != nil {
		t.Fatal(err)
	}

	if err := w.Reset("111111111111"); err != nil {
		t.Fatal(err)
	}

	if _, ok := w.Credential(key.AccessKey); !ok {
		t.Error("the reset of another account ended a session")
	}

	if err := w.Reset(account); err != nil {
		t.Fatal(err)
	}

	if _, ok := w.Credential(key.AccessKey); ok {
		t.Error("the session of a deleted role still exists")
	}

	if _, err := w.Session(t.Context(), arnOf("r"), lambdaService, "fn", time.Hour); !errors.Is(err, iam.ErrCannotAssume) {
		t.Errorf("the role can still be assumed: %v", err)
	}

	w.role(t, "r", trustsFunc, "") // the operator's key is still valid, and the name can be used again
}

func TestResetSurvivesARestart(t *testing.T) {
	t.Parallel()
	var st *store.Store
	dir := t.TempDir()
	open := func() *iam.Service {
		var err error
		if st, err = store.Open(dir, store.Options{}); err != nil {
			t.Fatal(err)
		}
		c := clock.New(clock.Manual, time.Time{})
		t.Cleanup(c.Close)
		s, err := iam.New(iam.Options{Clock: c, Chance: chance.New(), Store: st, Account: account})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}

	s := open()
	operator := s.Operator()
	in := s.API().Operations["CreateRole"].New()
	fill(t, in, url.Values{"RoleName": {"MixedCase"}, "AssumeRolePolicyDocument": {trustsFunc}})
	if _, err := s.API().Operations["CreateRole"].Do(t.Context(), &awsapi.Call{Account: account}, in); err != nil {
		t.Fatal(err)
	}

	if _, err := s.Session(t.Context(), arnOf("MixedCase"), lambdaService, "fn", time.Hour); err != nil {
		t.Fatal(err)
	}

	if err := s.Reset(""); err != nil {
		t.Fatal(err)
	}

	for _, table := range []store.Table{"iam/role", "iam/policy", "iam/session"} {
		t.Run(fmt.Sprint(table), func(t *testing.T) {
			if err := st.Scan(table, "", func(k string, _ []byte) error { return errors.New(k) }); err != nil {
				t.Errorf("%s still has %v", table, err)
			}
		})
	}

	if err := st.Close(); err != nil {
		t.Fatal(err)
	}

	s = open()
	defer st.Close()
	if got := s.Operator(); got != operator {
		t.Errorf("the operator was %+v and is %+v", operator, got)
	}
}

func TestOperatorsKeysAreRandom(t *testing.T) {
	t.Parallel()
	c := clock.New(clock.Manual, time.Time{})
	defer c.Close()
	seen := map[string]bool{}
	for range 3 {
		s, err := iam.New(iam.Options{Clock: c, Chance: chance.New(), Store: store.Memory(), Account: account})
		if err != nil {
			t.Fatal(err)
		}
		o := s.Operator()
		if seen[o.AccessKey] || seen[o.Secret] || len(o.AccessKey) != 20 || len(o.Secret) != 40 {
			t.Errorf("credential %+v", o)
		}
		seen[o.AccessKey], seen[o.Secret] = true, true
	}
}
