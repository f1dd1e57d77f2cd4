// Package infra runs Terraform, or OpenTofu, on a deployment. It finds the tool and a
// local mirror of the provider, has a state for each target, and turns the tool's
// stream of events into progress, an inventory of what exists, and errors with hints.
//
// The tool runs on a copy of the root module, and the root module itself is never
// written to. The copy, the state, the provider and everything else that the tool
// writes are in the deployment's folder, which is locked during a run.
//
// A run can be interrupted at any moment. Before each change, a journal in the folder
// lists what is about to be created, and Recover repairs the state before the next run.
package infra
