package gateway_test

import (
	"fmt"
	"io"
	"net/http"

	"github.com/reliableq/reliableq/localaws/gateway"
)

func ExampleTransport() {
	hello := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello from "+r.URL.Path) })
	client := http.Client{Transport: gateway.Transport(hello)}
	resp, err := client.Get("http://localaws.invalid/memory")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, string(body), err)
	// Output: 200 hello from /memory <nil>
}
