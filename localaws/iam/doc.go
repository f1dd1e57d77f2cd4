// Package iam is the embedded IAM: roles, policies, the operator's credentials,
// temporary sessions, and the decision on every permission.
//
// It serves IAM's API ([Service.API]), finds the credential that a request was
// signed with ([Service.Credential]), decides on permissions ([Service.Authorize]),
// and gives Lambda and STS sessions of roles ([Service.Session],
// [Service.AssumeRole]). There is one user, the operator; groups and further users
// do not exist.
//
// Changes take effect at once, where AWS is eventually consistent. Sessions expire
// by machine time, since real processes hold their keys, and are deleted with their
// role (LAM D12).
package iam
