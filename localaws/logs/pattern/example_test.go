package pattern_test

import (
	"fmt"

	"github.com/reliableq/reliableq/localaws/logs/pattern"
)

func ExampleParse() {
	p, err := pattern.Parse(`{ $.level = "ERROR" && $.attempts > 3 }`)
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(p.Match(`{"level":"ERROR","attempts":4}`))
	fmt.Println(p.Match(`{"level":"ERROR","attempts":3}`))
	fmt.Println(p.Match(`ERROR: not JSON`))
	// Output:
	// true
	// false
	// false
}
