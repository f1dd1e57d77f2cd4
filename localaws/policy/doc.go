// Package policy parses and evaluates IAM policies. It has no state: [Parse] returns
// a [Document], and [Policies.Decide] decides on a [Request] by a set of documents.
//
// Evaluation follows AWS's published logic within an account and across accounts:
// an explicit deny in any policy denies the request, a resource's policy can be
// enough to allow it within its account, and permissions boundaries and session
// policies grant nothing (LAM D14 to D17).
//
// Parsing is strict, and its errors have IAM's texts (LAM D11b): a policy that AWS
// would not store is refused.
package policy
