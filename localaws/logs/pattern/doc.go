// Package pattern reads and matches the filter patterns of CloudWatch Logs (LAM
// E11, E12). [Parse] reads one, [Pattern.Match] tries it on a line.
//
// There are three kinds, told apart by their first character:
//
//	ERROR "exact phrase" -debug      text: terms that a line must or must not contain
//	?ERROR ?WARN %4[0-9]{2}%         text: any of the terms; a regular expression
//	[ip, user, ..., status = 4*]     fields of a line that blanks separate
//	{ $.level = "ERROR" && $.n > 3 } members of a line that is JSON
//
// What the guide leaves open is decided here as follows. A comparison with a
// member that is not there never holds, != included; NOT EXISTS is for that. A
// comparison with =, != and a number holds a number against a number, and a
// string against the digits as written. A [*] or .* in a selector holds when it
// does for any element. Members that are true, false or null answer only to IS.
package pattern
