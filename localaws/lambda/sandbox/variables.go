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

// lambdaPath is PATH on provided.al2023 without the directories of managed runtimes
// (LAM C62).
const lambdaPath = "/usr/local/bin:/usr/bin:/bin:/opt/bin"

// noXRayDaemon replaces the address of the X-Ray daemon. Nothing listens there: a daemon
// that happens to run on the machine would send traces to the real AWS.
const noXRayDaemon = "127.0.0.1:9"

// variables returns the environment of a function's process. It has the variables that
// Lambda sets (LAM C62 to C64) where they make sense on this machine, those of the
// function's configuration, and those that keep calls away from the real AWS, which take
// precedence. Nothing is inherited.
//
// There are differences from Lambda. PATH continues with the machine's, for interpreters.
// Without isolation the code is in LAMBDA_TASK_ROOT and not in /var/task, and TMPDIR is a
// directory of the environment's own.
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
		"AWS_XRAY_DAEMON_ADDRESS":         noXRayDaemon,
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
	// Without a private /tmp, programs need directories of their own.
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

	// The function's configuration may override these, but not the endpoint.
	maps.Copy(v, fn.Variables)
	setEndpoint(v, host.Endpoint)
	return v
}

// setEndpoint changes variables so that no SDK that reads them calls the real AWS: every
// call goes to the embedded one at endpoint, with the role's credentials, and bypasses
// every proxy.
func setEndpoint(v map[string]string, endpoint string) {
	// Remove variables for single services and for credentials.
	for name := range v {
		if selectsAWS(name) {
			delete(v, name)
		}
	}

	v["AWS_ENDPOINT_URL"] = endpoint
	v["AWS_EC2_METADATA_DISABLED"] = "true"
	v["AWS_CONFIG_FILE"] = "/dev/null"
	v["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null"
	v["AWS_XRAY_DAEMON_ADDRESS"] = noXRayDaemon

	// Bypass the proxy, if there is one.
	if !slices.ContainsFunc(slices.Collect(maps.Keys(v)), isProxy) {
		return
	}

	hosts := "127.0.0.1,localhost,::1"
	if u, err := url.Parse(endpoint); err == nil && u.Hostname() != "" && !slices.Contains(strings.Split(hosts, ","), u.Hostname()) {
		hosts += "," + u.Hostname()
	}

	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		v[name] = strings.TrimPrefix(v[name]+","+hosts, ",")
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

// selectsAWS reports whether a variable selects, for an SDK, which AWS is called or with
// which credentials. On AWS a function may set it (LAM C17 reserves others).
func selectsAWS(name string) bool {
	switch name {
	case "AWS_ENDPOINT_URL", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_DATA_PATH":
		return true // which AWS
	case "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE":
		return true // files, which may contain endpoints and credentials
	case "AWS_SECRET_KEY", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		"AWS_EC2_METADATA_DISABLED", "AWS_EC2_METADATA_SERVICE_ENDPOINT":
		return true // credentials
	case "AWS_XRAY_DAEMON_ADDRESS":
		return true // traces
	}

	return strings.HasPrefix(name, "AWS_ENDPOINT_URL_")
}

// Replaced returns, in alphabetical order, the names of configured variables that do not
// reach the function: they would direct its calls away from the embedded AWS.
func Replaced(variables map[string]string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		if selectsAWS(name) {
			names = append(names, name)
		}
	}
	return names
}

// environ returns variables in the form NAME=VALUE, sorted.
func environ(v map[string]string) []string {
	out := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		out = append(out, name+"="+v[name])
	}
	return out
}

// interpreterDirs returns the directories of a PATH that a program may read in addition
// to the system's. It takes only directories whose names show that they contain nothing
// but programs: PATH may contain a home directory.
func interpreterDirs(path string) []string {
	var dirs []string
	for _, dir := range strings.Split(path, ":") {
		switch filepath.Base(dir) {
		case "bin", "sbin", "shims":
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// joinPaths joins lists of absolute directories without duplicates.
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
