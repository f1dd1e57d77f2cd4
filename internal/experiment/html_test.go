package experiment

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// walk parses XML to its end, and passes on each token with the elements around it.
func walk(doc []byte, see func(token xml.Token, around []string)) error {
	decoder := xml.NewDecoder(bytes.NewReader(doc))
	var around []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch x := token.(type) {
		case xml.StartElement:
			around = append(around, x.Name.Local)
		case xml.EndElement:
			around = around[:len(around)-1]
		}
		see(token, around)
	}
}

// outline returns the text of a page, element by element; for pictures, their names.
func outline(t *testing.T, doc []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	err := walk(doc, func(token xml.Token, around []string) {
		depth := len(around)
		switch x := token.(type) {
		case xml.StartElement:
			if x.Name.Local != "svg" && slices.Contains(around, "svg") {
				return
			}
			fmt.Fprintf(&out, "\n%s%s", strings.Repeat(" ", depth-1), x.Name.Local)
			for _, a := range x.Attr {
				if a.Name.Local != "viewBox" {
					fmt.Fprintf(&out, " %s=%q", a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			if text := strings.Join(strings.Fields(string(x)), " "); text != "" && !slices.Contains(around, "style") && !slices.Contains(around, "svg") {
				fmt.Fprintf(&out, ": %s", text)
			}
		}
	})
	if err != nil {
		t.Fatalf("the page is not well-formed: %v", err)
	}
	return append(bytes.TrimSpace(out.Bytes()), '\n')
}

func page(t *testing.T, r Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteHTML(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A report must be readable years later, without a network.
func TestPageIsSelfContained(t *testing.T) {
	t.Parallel()
	doc := page(t, sampleReport())
	if at := bytes.Index(doc, []byte("http")); at >= 0 {
		t.Errorf("the page names an address: %.80s", doc[at:])
	}
	for _, way := range []string{"@import", "url(", "<script", "<link", "<img", "<object", "<iframe", "<image", "<use"} {
		t.Run(way, func(t *testing.T) {
			if bytes.Contains(doc, []byte(way)) {
				t.Errorf("the page has %s, which can load data", way)
			}
		})
	}
	ids, links, pictures := map[string]int{}, []string{}, 0
	err := walk(doc, func(token xml.Token, around []string) {
		x, ok := token.(xml.StartElement)
		if !ok {
			return
		}
		for _, a := range x.Attr {
			switch a.Name.Local {
			case "href", "src", "aria-labelledby":
				links = append(links, strings.TrimPrefix(a.Value, "#"))
			case "id":
				ids[a.Value]++
			case "aria-label":
				if x.Name.Local == "svg" {
					pictures++
				}
			}
			if strings.HasPrefix(a.Name.Local, "on") {
				t.Errorf("%s has %s: a page needs no script", x.Name.Local, a.Name.Local)
			}
		}
	})
	if err != nil {
		t.Fatalf("the page is not well-formed: %v", err)
	}
	for _, l := range links {
		if ids[l] != 1 {
			t.Errorf("%q is a link target and occurs %d times", l, ids[l])
		}
	}
	if len(links) == 0 || pictures < 20 {
		t.Errorf("%d links and %d pictures with text alternatives: the test does not understand the page", len(links), pictures)
	}
}

// Every color of a chart must follow the page's dark mode: a fixed one may be as dark
// as its background.
func TestChartsUseThePagesColours(t *testing.T) {
	t.Parallel()
	doc := page(t, sampleReport())
	_, body, _ := strings.Cut(string(doc), "</style>")
	if fixed := regexp.MustCompile(`(fill|stroke):#[0-9A-Fa-f]+`).FindString(body); fixed != "" {
		t.Errorf("a chart has %s", fixed)
	}
	for name := range pageColours() {
		t.Run(name, func(t *testing.T) {
			if got := strings.Count(string(doc), "  --"+name+":") + strings.Count(string(doc), "; --"+name+":"); got != 3 {
				t.Errorf("colour %s is defined %d times, want it for light, dark and print", name, got)
			}
		})
	}
}

func TestPageMarksVerdictsWithSigns(t *testing.T) {
	t.Parallel()
	doc := string(page(t, smallReport()))
	for want, n := range map[string]int{
		`<td class="harm"><span class="sign">✗</span>6.62 %</td>`: 1,
		`<td class="harm"><span class="sign">✗</span>2</td>`:      1, // lost
		`<td class="safe"><span class="sign">✓</span>0 %</td>`:    3,
		`class="harm"`:                                2,
		`class="safe"`:                                3,
		`some were: 1 of 4 rows`:                      1,
		`some were: 0 of 1 row.`:                      1,
		`about 648,000 requests a month`:              1,
		`with the seeds 7 to 9`:                       1,
		`15 runs and 120,000 messages`:                1,
		`list prices of 2026-06 in US dollars: $0.40`: 1,
	} {
		t.Run(want, func(t *testing.T) {
			if got := strings.Count(doc, want); got != n {
				t.Errorf("%d times in the page, want %d: %s", got, n, want)
			}
		})
	}
}

// hostile are texts with a special meaning in a page, a picture, a spreadsheet, a
// terminal or a file system.
var hostile = []string{
	`<script>alert(1)</script>`, `</svg><script>`, `</title></style>`, `"><b onclick="x`, `'"&amp;&`, `=cmd|' /C calc'!A0`, `../../etc/passwd`,
	"\x1b[2J\x00\x7f", "a\nb\tc\r", "\u202egnirts\u2066", "\xff\xfe", "]]>", "{{.}}", "javascript:alert(1)", "", "$1 ${1}", "#D0D7DE", "répété 漢字 🙂", strings.Repeat("long ", 80),
}

func hostileReport() Report {
	r := smallReport()
	r.Studies[0].Axes[0].Title, r.Studies[0].Axes[1].Unit = hostile[0], hostile[1]
	r.Prices.Date = hostile[3]
	for i, h := range hostile {
		r.Studies = append(r.Studies, Study{Name: h, Title: h, Question: h, Axes: []Axis{{"batch_size", h, h}, {"mode", h, h}, {h, h, h}}, Findings: []string{h, h}})
		for j := range 3 {
			c := r.Cells[0]
			c.Study, c.Mode, c.BatchSize = h, h, i+j
			r.Cells = append(r.Cells, c)
		}
	}
	return r
}

func TestTextsFromUsersAreEscaped(t *testing.T) {
	t.Parallel()
	doc := page(t, hostileReport())
	for _, h := range []string{"<script", "</svg><", "<b ", "\x1b", "\x00", "\u202e"} {
		t.Run(h, func(t *testing.T) {
			if bytes.Contains(doc, []byte(h)) {
				t.Errorf("the page has %q unescaped", h)
			}
		})
	}
	if !bytes.Contains(doc, []byte("&lt;script&gt;alert(1)&lt;/script&gt;")) {
		t.Error("the page lost a title")
	}
	outline(t, doc)
	var table bytes.Buffer
	if err := WriteTable(&table, hostileReport()); err != nil {
		t.Fatal(err)
	}
	for _, r := range table.String() {
		if r != '\n' && printable(string(r)) == "" && r != ' ' {
			t.Fatalf("the table has the character %U", r)
		}
	}
}
