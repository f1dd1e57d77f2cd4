// Package localaws is an AWS that runs inside a Go process: SQS, Lambda, event
// source mappings, IAM, STS, CloudWatch Logs and CloudWatch, behind one endpoint
// that Terraform, the AWS CLI and every AWS SDK talk to unmodified.
//
// It runs real function binaries as child processes over the real Lambda Runtime API,
// or Go functions in process. Its time can be moved, skipped and held (package clock).
// Requests for what it does not implement are refused with an error that names it.
//
//	srv, err := localaws.New(localaws.Options{Addr: "127.0.0.1:4566"})
//	if err != nil {
//		return err
//	}
//	if err := srv.Start(ctx); err != nil {
//		return err
//	}
//	defer srv.Shutdown(ctx)
//	fmt.Println("AWS_ENDPOINT_URL=" + srv.URL())
//
// Tests use package localawstest, which does this in one line.
//
// # Structure
//
// Each service is a package: a table of operations over Go types, and a state machine
// whose timers run on the clock. None imports another. This package makes them
// (assemble.go), connects them where AWS does (the adapters: Lambda assumes roles,
// writes logs and reads queues), and serves them through package gateway, which
// implements protocols and signatures. It also injects faults (injection.go), ends the
// server as a crash would (kill.go), and refuses changes after the store has failed
// (read_only.go).
package localaws
