// Package pattern parses and matches the filter patterns of CloudWatch Logs (LAM
// E11, E12). [Parse] parses one, [Pattern.Match] matches a line with it.
//
// There are three kinds, which differ in their first character:
//
//	ERROR "exact phrase" -debug      text: terms that a line must or must not contain
//	?ERROR ?WARN %4[0-9]{2}%         text: any of the terms; a regular expression
//	[ip, user, ..., status = 4*]     fields of a line, separated by blanks
//	{ $.level = "ERROR" && $.n > 3 } members of a line that is JSON
//
// AWS's guide leaves some questions open. Here they are decided as follows. A
// comparison with a member that does not exist is false, even with !=; use NOT
// EXISTS instead. The operators = and != with a number compare a number
// numerically, and a string with the digits as written. A selector with [*] or .*
// matches if any element does. Members that are true, false or null match IS only.
package pattern
