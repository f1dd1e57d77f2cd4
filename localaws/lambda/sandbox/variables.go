package sandbox

import (
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/reliableq/reliableq/localaws/lambda/process"
)

// lambdaPath is PATH on provided.al2023 without the folders of managed runtimes
// (LAM C62).
const lambdaPath = "/usr/local/bin:/usr/bin:/bin:/opt/bin"

// nowhere is an address at which nothing answers: the X-Ray daemon's. A daemon
// that happens to run on the machine would carry traces to the real AWS.
const nowhere = "127.0.0.1:9"

// variables is the environment of a function's process: what Lambda sets
// (LAM C62 to C64) as far as it makes sense on this machine, the user's own, and
// what keeps the process from the real AWS, which wins. Nothing is inherited.
//
// It differs from Lambda's in that PATH goes on with the machine's, for
// interpreters. Without isolation, moreover, the code is in LAMBDA_TASK_ROOT and not
// in /var/task, and TMPDIR names a directory of the environment's own beside the
// machine's /tmp.
func variables(fn *Function, host *Host, runtimeAPI string) map[string]string {
	root := fn.Dir
	if host.Isolation.Private() {
		root = process.TaskRoot
	}
	v := map[string]string{
		"AWS_ACCESS_KEY_ID":               host.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           host.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN":               host.Credentials.SessionToken,
		"AWS_REGION":                      fn.Region,
		"AWS_DEFAULT_REGION":              fn.Region,
		"AWS_LAMBDA_FUNCTION_NAME":        fn.Name,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(fn.MemoryMB),
		"AWS_LAMBDA_FUNCTION_VERSION":     fn.Version,
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       fn.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME":      host.Stream,
		"AWS_XRAY_CONTEXT_MISSING":        "LOG_ERROR",
		"AWS_XRAY_DAEMON_ADDRESS":         nowhere,
		"_AWS_XRAY_DAEMON_ADDRESS":        "127.0.0.1",
		"_AWS_XRAY_DAEMON_PORT":           "9",
		"LAMBDA_RUNTIME_DIR":              "/var/runtime",
		"LAMBDA_TASK_ROOT":                root,
		"LANG":                            "en_US.UTF-8",
		"LD_LIBRARY_PATH":                 root + ":" + root + "/lib",
		"PATH":                            joinPaths(lambdaPath, host.Path),
		"TZ":                              ":UTC",
		"_HANDLER":                        fn.Handler,
	}
	if !host.Isolation.Private() {
		v["TMPDIR"] = host.TempDir
	}
	if runtimeAPI != "" {
		v["AWS_LAMBDA_RUNTIME_API"] = runtimeAPI
	}
	if fn.Format.JSON {
		v["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
		v["AWS_LAMBDA_LOG_LEVEL"] = fn.Format.Application
	}
	maps.Copy(v, fn.Variables)
	keepHere(v, host.Endpoint)
	return v
}

// keepHere changes variables such that no SDK that reads them calls the real AWS:
// every call goes to the embedded one at endpoint, with the role's credentials,
// and past every proxy.
func keepHere(v map[string]string, endpoint string) {
	for name := range v {
		if leadsAway(name) {
			delete(v, name)
		}
	}
	v["AWS_ENDPOINT_URL"] = endpoint
	v["AWS_EC2_METADATA_DISABLED"] = "true"
	v["AWS_CONFIG_FILE"] = "/dev/null"
	v["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
	v["AWS_XRAY_DAEMON_ADDRESS"] = nowhere

	if !slices.ContainsFunc(slices.Collect(maps.Keys(v)), isProxy) {
		return
	}
	here := "127.0.0.1,localhost,::1"
	if u, err := url.Parse(endpoint); err == nil && u.Hostname() != "" && !slices.Contains(strings.Split(here, ","), u.Hostname()) {
		here += "," + u.Hostname()
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		v[name] = strings.TrimPrefix(v[name]+","+here, ",")
	}
}

// isProxy reports whether a variable names a proxy for HTTP.
func isProxy(name string) bool {
	switch strings.ToUpper(name) {
	case "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY":
		return true
	}
	return false
}

// leadsAway reports whether a variable decides, for an SDK, which AWS is called or
// with whose credentials. On AWS a function may set it (LAM C17 reserves others).
func leadsAway(name string) bool {
	switch name {
	case "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_DATA_PATH",
		"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECRET_KEY", "AWS_SECURITY_TOKEN",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_XRAY_DAEMON_ADDRESS":
		return true
	}
	return strings.HasPrefix(name, "AWS_ENDPOINT_URL_")
}

// Replaced lists, in order, the user's variables that do not reach the function:
// they would lead its calls away from the embedded AWS.
func Replaced(variables map[string]string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if leadsAway(name) {
			names = append(names, name)
		}
	}
	return names
}

// list writes variables as a process takes them, sorted.
func list(v map[string]string) []string {
	out := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		out = append(out, name+"="+v[name])
	}
	return out
}

// interpreters lists the directories of a PATH that a program may read beside the
// system's. Only directories that hold programs and nothing else count, by their
// names: PATH may name a home directory.
func interpreters(path string) []string {
	var dirs []string
	for _, dir := range strings.Split(path, ":") {
		switch filepath.Base(dir) {
		case "bin", "sbin", "shims":
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// joinPaths joins lists of absolute folders and leaves out what stands twice.
func joinPaths(lists ...string) string {
	var dirs []string
	for _, l := range lists {
		for _, dir := range strings.Split(l, ":") {
			if strings.HasPrefix(dir, "/") && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return strings.Join(dirs, ":")
}
