package localaws

import "github.com/reliableq/reliableq/localaws/store"

// OnDisk is o with a store of a test's own making.
func (o Options) OnDisk(disk store.Options) Options {
	o.disk = disk
	return o
}
