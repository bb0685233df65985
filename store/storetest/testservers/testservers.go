// Package testservers gives tests real PostgreSQL and Redis servers: those that
// TEST_DATABASE_URL and TEST_REDIS_URL name, else throw-away ones started from
// the binaries on this machine, once per test process.
//
// It owns those processes and their folders, which end with the test process
// however that ends. It refuses to skip: without a server the test fails and
// says which command brings one.
package testservers

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// patience bounds how long a server may take to start.
const patience = 30 * time.Second

// The keeper runs a server and waits for the end of its own standard input.
// Only the test process holds the other end, so the server ends and its folder
// goes when that process does, even if it is killed.
const keeper = `dir=$1; shift
"$@" >"$dir/log" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT $server 2>/dev/null
wait $server
rm -rf "$dir"`

// place is where a server lives and as whom it runs.
type place struct {
	dir  string
	as   *syscall.SysProcAttr
	port string
}

// newPlace makes a folder and finds a free port. If root must not run the
// server (PostgreSQL refuses that), the place belongs to an ordinary account.
func newPlace(name string, notRoot bool) (*place, error) {
	parent := os.TempDir()
	p := &place{}
	if notRoot && os.Geteuid() == 0 {
		// Root's temporary folder may be closed to others.
		parent = "/tmp"
	}
	var err error
	if p.dir, err = os.MkdirTemp(parent, "frontdesk-test-"+name+"-"); err != nil {
		return nil, err
	}
	if notRoot && os.Geteuid() == 0 {
		uid, gid, err := ordinary()
		if err != nil {
			return nil, err
		}
		if err := os.Chown(p.dir, int(uid), int(gid)); err != nil {
			return nil, err
		}
		p.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: gid}}
	}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	return p, nil
}

// ordinary is an account that owns nothing of value.
func ordinary() (uid, gid uint32, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return uint32(uid), uint32(gid), nil
	}
	return 0, 0, errors.New("neither the account postgres nor nobody exists")
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // asks the kernel, not the network
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// command is a program that runs at the place.
func (p *place) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // the test's own choice; it outlives any one test
	cmd.Dir, cmd.SysProcAttr = p.dir, p.as
	return cmd
}

// start runs a server under a keeper and waits until ready says so.
func (p *place) start(ready func() error, program string, args ...string) error {
	cmd := p.command("/bin/sh", append([]string{"-c", keeper, "keeper", p.dir, program}, args...)...)
	hold, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // closes hold; until then it lives as long as the process
		close(exited)
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-timer.C:
			log, readErr := os.ReadFile(filepath.Join(p.dir, "log"))
			closeErr := hold.Close()
			<-exited
			return errors.Join(fmt.Errorf("%s is not ready after %s: %w; its log:\n%s", program, patience, err, log), readErr, closeErr)
		}
	}
}

// find looks for a program on the path and in the usual places off it.
func find(program string, places ...string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, pattern := range places {
		found, err := filepath.Glob(filepath.Join(pattern, program))
		if err != nil {
			return "", err
		}
		slices.Sort(found)
		if len(found) > 0 {
			return found[len(found)-1], nil // the newest version
		}
	}
	return "", fmt.Errorf("%s is not installed", program)
}

// run runs a program to its end and gives its words if it fails.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}
