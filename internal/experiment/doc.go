// Package experiment answers what a batch size, a share of bad messages and other
// settings do to the good messages of a deployment. It plays the whole flow in
// simulation (package simulate) over a grid of settings, several seeds each.
//
// [Run] plays a [Plan] and makes a [Report], which [WriteTable], [WriteCSV] and
// [WriteHTML] show. What comes out follows from the plan alone.
package experiment
