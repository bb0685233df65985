package playbooks

import (
	"slices"
	"strings"
)

// didYouMean finds the candidate that a misspelt word was probably meant to be
// and words it as the end of a sentence; empty when nothing is near.
func didYouMean(word string, candidates []string) string {
	best, bestDistance := "", 1+len([]rune(word))/4
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d <= bestDistance && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

// distance counts the letters to insert, drop, replace or swap between two words.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var older []int
	old := make([]int, len(y)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			replace := old[j-1]
			if x[i-1] != y[j-1] {
				replace++
			}
			row[j] = min(old[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old = old, row
	}
	return old[len(y)]
}

// list words a list for people: "a, b or c".
func list(words []string, conjunction string) string {
	words = slices.Clone(words)
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + conjunction + " " + words[last]
}
