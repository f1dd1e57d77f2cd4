// Package iam is the embedded IAM: roles, policies, the operator's credentials,
// temporary sessions, and the decision on every permission.
//
// It serves IAM's API ([Service.API]), tells the gateway whose key a request was
// signed with ([Service.Credential]), decides whether a call may go ahead
// ([Service.Authorize]), and gives Lambda and STS sessions of roles
// ([Service.Session], [Service.AssumeRole]).
//
// Changes are in effect at once, where AWS is eventually consistent. Sessions end
// by the machine's time, since real processes hold their keys, and with their
// role (LAM D12).
package iam
