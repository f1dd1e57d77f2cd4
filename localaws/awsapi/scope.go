package awsapi

// Scope is the account and region that hold a resource. Services without regions,
// such as IAM, leave Region empty.
type Scope struct {
	// Account is the 12-digit account id.
	Account string
	// Region is the region's name, such as us-east-1.
	Region string
}

// Scope returns the account and region whose resources the call is about.
func (c *Call) Scope() Scope { return Scope{Account: c.Account, Region: c.Region} }

// Scope returns the account and region that the ARN names.
func (a ARN) Scope() Scope { return Scope{Account: a.Account, Region: a.Region} }

// ARN returns the ARN of a service's resource in the scope.
func (s Scope) ARN(service, resource string) string {
	return "arn:" + Partition + ":" + service + ":" + s.Region + ":" + s.Account + ":" + resource
}

// Within reports whether the scope is in an account and a region. An empty string
// stands for all accounts or all regions, as in a service's Reset.
func (s Scope) Within(account, region string) bool {
	return (account == "" || s.Account == account) && (region == "" || s.Region == region)
}
