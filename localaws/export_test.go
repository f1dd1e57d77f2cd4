package localaws

import "github.com/reliableq/reliableq/localaws/store"

// OnDisk returns o with a store that the test configures.
func (o Options) OnDisk(disk store.Options) Options {
	o.disk = disk
	return o
}
