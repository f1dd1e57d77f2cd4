// Package experiment measures how a batch size, a share of bad messages and other
// settings affect the good messages of a deployment. It simulates the whole flow
// (package simulate) over a grid of settings, with several seeds each.
//
// [Run] runs a [Plan] and returns a [Report], which [WriteTable], [WriteCSV] and
// [WriteHTML] write. A report is determined by its plan alone.
package experiment
