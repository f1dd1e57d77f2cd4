// Package infra runs Terraform, or OpenTofu, on a deployment: it finds the tool
// and a local mirror of the provider, keeps state apart for each target, and
// turns the tool's stream of events into progress, a roster of what exists, and
// errors that say what to do.
//
// The tool runs on a copy of the root module, which stays byte for byte the same:
// the copy, the state, the provider and all else that the tool writes live in a
// folder of the deployment. The folder is locked while a run works on it.
//
// A run can be cut short at any moment. Before each change, a journal in the folder
// lists what is about to be created, and Recover puts the state in order before the
// next one.
package infra
