package hint

// NotOnWindows returns the error of something that does not work on Windows.
func NotOnWindows(what string) error {
	return New(what+" is not supported on Windows", "run reliableq in WSL, the Windows Subsystem for Linux")
}
