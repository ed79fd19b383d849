package footage

import (
	"time"

	"github.com/nvpipe/nvpipe/frame"
)

// CarFilm is the film of a car park entrance seen from above.
const CarFilm = "car-detection.mp4"

// Car is one car's way through CarFilm.
type Car struct {
	Name string
	// From and To are the first and the last moment at which a part of the car
	// that is worth mentioning is in the picture, to about a third of a second.
	From, To time.Duration
	// At Seen the middle of the car is at X and Y, 0–1, to about 0.05.
	Seen time.Duration
	X, Y float32
}

func at(milliseconds int) time.Duration { return time.Duration(milliseconds) * time.Millisecond }

// Cars are all that drive through CarFilm, made by looking at every fourth
// frame. Nothing else moves in it but the light, when the camera adapts to a
// bright car.
var Cars = []Car{
	{Name: "white hatchback, upwards", From: at(4640), To: at(8480), Seen: at(6560), X: .46, Y: .41},
	{Name: "pale green saloon, downwards", From: at(14560), To: at(18080), Seen: at(16480), X: .22, Y: .50},
	{Name: "red saloon, upwards", From: at(15200), To: at(19040), Seen: at(16480), X: .52, Y: .67},
	{Name: "white sports car, downwards", From: at(25440), To: at(27680), Seen: at(26400), X: .28, Y: .37},
}

// settling is how far from the ends of a car's way nothing is expected of its
// box: there is little of it to be seen, and it was not looked at more closely.
const settling = 400 * time.Millisecond

// Watch checks frame by frame whether every car is found.
type Watch struct {
	frames, busy, short int
	met                 map[string]bool
	stray               int
}

// Add takes what was found in the frame at t.
func (w *Watch) Add(t time.Duration, found []frame.Detection) {
	if w.met == nil {
		w.met = map[string]bool{}
	}
	w.frames++
	least, most := 0, 0
	for _, c := range Cars {
		if t >= c.From+settling && t <= c.To-settling {
			least++
		}
		if t >= c.From-settling && t <= c.To+2*settling {
			most++
		}
		if d := t - c.Seen; d > -100*time.Millisecond && d < 100*time.Millisecond && covers(found, c.X, c.Y) {
			w.met[c.Name] = true
		}
	}
	large := 0
	for _, d := range found {
		if d.Box.Area() > .02 {
			large++
		}
	}
	if least > 0 {
		w.busy++
		if large < least {
			w.short++
		}
	}
	if large > most {
		w.stray++
	}
}

// covers reports whether a box of a car's size has the point well inside it.
func covers(found []frame.Detection, x, y float32) bool {
	for _, d := range found {
		b := d.Box
		if b.XMax-b.XMin < .5 && x > b.XMin && x < b.XMax && y > b.YMin && y < b.YMax {
			return true
		}
	}
	return false
}

// Missed names the cars that were not found where they are.
func (w *Watch) Missed() (names []string) {
	for _, c := range Cars {
		if !w.met[c.Name] {
			names = append(names, c.Name)
		}
	}
	return names
}

// Found is the share of the frames with cars in which there were as many large
// boxes as cars.
func (w *Watch) Found() float64 { return 1 - float64(w.short)/float64(max(w.busy, 1)) }

// Stray is the share of all frames with more large boxes than cars.
func (w *Watch) Stray() float64 { return float64(w.stray) / float64(max(w.frames, 1)) }
