package main

import (
	"github.com/reliableq/reliableq/deploy/internal/control"
	"github.com/reliableq/reliableq/deploy/internal/daemon"
)

// controlOf is a client of a running embedded AWS.
func controlOf(info daemon.Info) *control.Client { return control.New(info.URL) }
