// Package localaws is an AWS that runs inside a Go process: SQS, Lambda, event
// source mappings, IAM, STS, CloudWatch Logs and CloudWatch, behind one endpoint
// that Terraform, the AWS CLI and every AWS SDK talk to unmodified.
//
// It runs the real function binaries as child processes over the real Lambda
// Runtime API, or Go functions in process. Its time can be moved, skipped and
// held (package clock). What it cannot do it refuses by name.
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
// Tests want package localawstest, which does this in one line.
//
// # Shape
//
// Each service is a package of its own: a table of operations over Go types and
// a state machine under the clock. None imports another. This package makes them,
// ties them together where AWS does (Lambda assumes roles, writes logs and reads
// queues), and puts package gateway in front, where wires and signatures live.
package localaws
