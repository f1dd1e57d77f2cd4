// Command bench measures the embedded AWS as the command reliableq serves it, and
// beside each figure its floor from the same run and machine: for SQS a server
// that answers the same requests with canned replies, for Lambda the bare
// processes and round trips that no implementation can do without.
//
//	go build -o bin/reliableq ./deploy/reliableq
//	go run ./localaws/internal/bench -server bin/reliableq
//
// Servers are processes of their own, so that their processor time and memory are
// theirs alone. Where two servers are compared they take turns every half second,
// and what else goes on at the machine hits both alike.
//
// The flag -quick makes rough figures within a minute, -json prints one JSON
// object in place of the tables, and -only names one of the two services.
package main
