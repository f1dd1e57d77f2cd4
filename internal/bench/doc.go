// Command bench measures the embedded AWS as the command reliableq serves it. Each figure
// has a floor from the same run and machine. For SQS that is a server that returns canned
// responses to the same requests; for Lambda it is the bare processes and round trips
// that every implementation needs.
//
//	go build -o bin/reliableq ./deploy/reliableq
//	go run ./internal/bench -server bin/reliableq
//
// Each server is a process of its own, so that its processor time and memory can be
// measured. Servers that are compared alternate every half second, so that other load on
// the machine affects all equally.
//
// The flag -quick measures rough figures within a minute, -json prints one JSON object in
// place of the tables, and -only selects one of the two services.
package main
