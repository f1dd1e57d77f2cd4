// Package infra runs Terraform, or OpenTofu, on a deployment: it finds the tool
// and a local mirror of the provider, keeps state apart for each target, and
// turns the tool's stream of events into progress, a roster of what exists, and
// errors that say what to do.
//
// The root module is used as it is and stays byte for byte the same: state, the
// provider and all else that the tool writes live in a folder of the deployment.
package infra
