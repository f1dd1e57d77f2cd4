// Package supervisor is the small process between the server and the program of
// a function, on Linux.
//
// The server starts its own executable again under the name [Name]. The init
// function of this package sees that name and never lets the rest of the program
// start: it reads one [Order], shuts the program off from the machine as far as
// the order says, starts it, and follows commands until it ends. The package
// imports little, so that its init function runs before those of larger packages.
//
// With [Order.Namespaces] the supervisor is process 1 of a PID namespace: when it
// ends, for whatever reason, the kernel kills every process of the function.
// Without, it is the subreaper of all descendants of the program, and kills them
// itself. In both cases it ends when the server's end of its socket is closed,
// which the kernel does when the server dies.
package supervisor

import "encoding/binary"

// Name is the name (argument 0) that makes this executable a supervisor.
const Name = "localaws-function-supervisor"

// TaskRoot and TempRoot are where a program in namespaces finds its code and its
// temporary files, as on Lambda.
const (
	TaskRoot = "/var/task"
	TempRoot = "/tmp"
)

// Order is the program that a supervisor runs, with its settings.
type Order struct {
	// Probe has the supervisor isolate itself, report, and end: no program runs.
	Probe bool
	// Namespaces reports that the supervisor was started in new PID, mount and IPC
	// namespaces, and gives the program a file system of its own.
	Namespaces bool
	// UID is the user and group that the program runs as; 0 means the
	// supervisor's own.
	UID uint32
	// Path is the executable, Dir its working directory.
	Path, Dir string
	// Temp is the directory that the program sees as /tmp. With Namespaces only.
	Temp string
	// OpenFiles is the limit of open files.
	OpenFiles uint32
	// Processes is the limit of processes and threads; 0 means none.
	Processes uint32
	// Env is the whole environment, NAME=VALUE.
	Env []string
	// Readable lists directories that the program sees read-only beside those of
	// the system; those that do not exist are left out. With Namespaces only.
	Readable []string
	// Hidden lists directories that the program must not see even below readable
	// ones. With Namespaces only.
	Hidden []string
}

// Commands that the server writes, one byte each.
const (
	// Stop stops every process of the function.
	Stop byte = 's'
	// Continue lets stopped processes go on.
	Continue byte = 'c'
	// Terminate sends SIGTERM to the program's process group.
	Terminate byte = 't'
	// Kill kills every process of the function, and ends the supervisor.
	Kill byte = 'k'
)

// Kinds of reports that the supervisor writes.
const (
	// Running reports that the program was started, or that a probe succeeded.
	Running byte = 'r'
	// Refused reports that the program cannot be run. Value is the error number.
	Refused byte = 'e'
	// Failed reports that the program could not be isolated. Value is the error
	// number, Text the step that failed.
	Failed byte = 'f'
	// Exited reports that the program has ended. Value is its wait status.
	Exited byte = 'x'
)

// Report is a message from a supervisor to the server.
type Report struct {
	// Kind is one of Running, Refused, Failed and Exited.
	Kind byte
	// Value depends on Kind.
	Value uint32
	// Text depends on Kind.
	Text string
}

const reportHeader = 6 // kind, value, length of the text

// Bytes encodes the report. Text is cut at 255 bytes.
func (r Report) Bytes() []byte {
	text := r.Text[:min(len(r.Text), 255)]
	b := binary.BigEndian.AppendUint32([]byte{r.Kind}, r.Value)
	return append(append(b, byte(len(text))), text...)
}

// ReadReport decodes one report with a function that fills a slice, such as one
// made from io.ReadFull.
func ReadReport(fill func([]byte) error) (Report, error) {
	header := make([]byte, reportHeader)
	if err := fill(header); err != nil {
		return Report{}, err
	}
	text := make([]byte, header[5])
	if err := fill(text); err != nil {
		return Report{}, err
	}
	return Report{Kind: header[0], Value: binary.BigEndian.Uint32(header[1:]), Text: string(text)}, nil
}

// Bytes encodes the order, its length first.
func (o *Order) Bytes() []byte {
	var flags byte
	if o.Probe {
		flags |= 1
	}
	if o.Namespaces {
		flags |= 2
	}
	b := append(make([]byte, 4), flags)
	for _, n := range []uint32{o.UID, o.OpenFiles, o.Processes} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for _, s := range []string{o.Path, o.Dir, o.Temp} {
		b = appendString(b, s)
	}
	for _, list := range [][]string{o.Env, o.Readable, o.Hidden} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(list)))
		for _, s := range list {
			b = appendString(b, s)
		}
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// ParseOrder decodes what follows the length of an encoded order, and reports
// whether it is whole.
func ParseOrder(b []byte) (o Order, ok bool) {
	d := decoder{rest: b}
	flags := d.take(1)
	o.UID, o.OpenFiles, o.Processes = d.number(), d.number(), d.number()
	o.Path, o.Dir, o.Temp = d.text(), d.text(), d.text()
	o.Env, o.Readable, o.Hidden = d.list(), d.list(), d.list()
	if d.short || len(d.rest) > 0 {
		return Order{}, false
	}
	o.Probe, o.Namespaces = flags[0]&1 != 0, flags[0]&2 != 0
	return o, true
}

// decoder reads an encoded order from its front. short is set once there was less
// than was asked for.
type decoder struct {
	rest  []byte
	short bool
}

func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.rest) {
		d.short = true
		d.rest = nil
		return make([]byte, min(max(n, 0), 8))
	}
	taken := d.rest[:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) number() uint32 { return binary.BigEndian.Uint32(d.take(4)) }

func (d *decoder) text() string { return string(d.take(int(d.number()))) }

func (d *decoder) list() []string {
	var list []string
	for range d.number() {
		if d.short {
			return nil
		}
		list = append(list, d.text())
	}
	return list
}
