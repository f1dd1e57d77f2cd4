package experiment

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/reliableq/reliableq/functions/consumer/consume"
)

// published is the folder with the standard experiment's results.
var published = filepath.Join("..", "..", "docs", "experiment")

func publishedReport(t *testing.T) Report {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(published, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r Report
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// The files in docs/ are results of the standard questions, all from one run. After a
// change of any, run make experiment.
func TestPublishedFilesMatchTheResults(t *testing.T) {
	t.Parallel()
	r := publishedReport(t)
	questions, err := Standard()
	if err != nil {
		t.Fatal(err)
	}
	var want, got []Settings
	for i, q := range questions {
		t.Run(q.Name, func(t *testing.T) {
			want = append(want, q.Points...)
			if i < len(r.Studies) {
				if s := r.Studies[i]; s.Name != q.Name || s.Title != q.Title || s.Question != q.Text {
					t.Errorf("study %s is published as %+v", q.Name, s)
				}
				if diff := cmp.Diff(findings(r.CellsOf(q.Name)), r.Studies[i].Findings); diff != "" {
					t.Errorf("findings of %s: %s", q.Name, diff)
				}
			}
		})
	}
	for _, c := range r.Cells {
		got = append(got, c.Settings)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings: %s", diff)
	}

	files, err := WriteAll(t.TempDir(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(published, filepath.Base(path)))
			if err != nil {
				t.Error(err)
			} else if !bytes.Equal(want, got) {
				t.Errorf("docs/experiment/%s does not match docs/experiment/results.json: run make experiment", filepath.Base(path))
			}
		})
	}
}

// A cell that runs again has exactly the published figures.
func TestPublishedCellIsReproducible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("simulates 50,000 messages")
	}
	r := publishedReport(t)
	for _, c := range r.CellsOf("batch-size") {
		if c.Mode != consume.WholeBatch || c.BadShare != 0.05 || c.BatchSize != 5 {
			continue
		}
		again, err := Run(t.Context(), Plan{
			Studies: []Question{{Name: c.Study, Points: []Settings{c.Settings}}}, Messages: r.Messages, Seed: r.Seed, Seeds: r.Seeds, Prices: r.Prices,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, again.Cells[0]); diff != "" {
			t.Errorf("run make experiment: %s", diff)
		}
		return
	}
	t.Error("the cell is not published")
}

// The text of docs/experiment.md matches the published results.
func TestPublishedTextMatchesTheFigures(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile(filepath.Join(published, "..", "experiment.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(body)), " ")
	r := publishedReport(t)
	cell := func(study string, is func(Settings) bool) Cell {
		for _, c := range r.CellsOf(study) {
			if is(c.Settings) {
				return c
			}
		}
		t.Fatalf("no such cell in %s", study)
		return Cell{}
	}
	grid := func(mode string, bad float64, size int) Cell {
		return cell("batch-size", func(s Settings) bool { return s.Mode == mode && s.BadShare == bad && s.BatchSize == size })
	}
	load := func(rate float64) Cell { return cell("load", func(s Settings) bool { return s.Rate == rate }) }
	stray := func(n int) Cell { return cell("order", func(s Settings) bool { return s.MaxReorder == n }) }
	good := 0
	for _, c := range r.CellsOf("batch-size") {
		if c.Mode == consume.PerMessage {
			good += c.Good
			if c.GoodDead > 0 || wastedReceives(c) > 0 {
				t.Errorf("%+v is not safe", c.Settings)
			}
		}
	}
	dead := func(c Cell, digits int) string { return strconv.FormatFloat(c.Share*100, 'f', digits, 64) + " %" }
	each, whole := consume.PerMessage, consume.WholeBatch
	for _, want := range []string{
		"of " + thousandsOf(good) + " good messages",
		money(grid(each, 0.1, 5).Cost.Total) + " for a million messages in batches of five against " + money(grid(each, 0.1, 1).Cost.Total) + " in batches of one",
		"with 5 % bad, " + dead(grid(whole, 0.05, 5), 1) + " of the good messages are dead-lettered in batches of five and " + dead(grid(whole, 0.05, 10), 1) + " in batches of ten",
		"with 10 % bad, " + dead(grid(whole, 0.1, 5), 1) + " and " + dead(grid(whole, 0.1, 10), 1),
		"at one message a second it is " + dead(load(1), 2) + ", at thirty " + dead(load(30), 1),
		dead(cell("max-receives", func(s Settings) bool { return s.MaxReceives == 20 }), 1) + " with a `maxReceiveCount` of 20",
		"3 s timeout | " + dead(cell("visibility", func(s Settings) bool { return s.Visibility == 3 }), 1),
		"fifty asked for | " + dead(cell("concurrency", func(s Settings) bool { return s.Reserved == 2 && s.MaxConcurrency == 0 }), 1),
		dead(stray(0), 1) + " are dead-lettered in place of " + dead(stray(100), 1),
		dead(stray(5), 1) + " at 5 places, " + dead(stray(1000), 1) + " at 1,000",
		strconv.Itoa(len(r.Cells)) + " settings",
	} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(text, want) {
				t.Errorf("docs/experiment.md does not contain %q", want)
			}
		})
	}
}
