// Package policy reads and evaluates IAM policies. It has no state: a [Document]
// is made from text once, and [Policies.Decide] says what a set of documents
// makes of a [Request].
//
// Evaluation follows AWS's published logic for one account and for two: an
// explicit deny anywhere ends it, a resource's own policy may grant alone within
// its account, and permissions boundary and session policy only ever narrow
// (LAM D14 to D17).
//
// Reading is strict, and faults read as IAM's do (LAM D11b): what a policy cannot
// mean must not be stored.
package policy
