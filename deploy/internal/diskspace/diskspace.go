// Package diskspace reports how much space a disk has left.
package diskspace
