package detect

import (
	"fmt"

	"github.com/nvpipe/nvpipe/processors/detect/family"
	"github.com/nvpipe/nvpipe/processors/detect/tensor"
)

// maxValues bounds one picture's output. The largest published, of YOLOv5 for
// an input of 4096×4096, has 88 million values.
const maxValues = 1 << 27

// Check says whether outputs are what the plan expects of n pictures.
func (p *Plan) Check(outputs []tensor.Tensor, n int) error {
	if len(outputs) != len(p.want) {
		return fmt.Errorf("gives %d outputs, must give %d", len(outputs), len(p.want))
	}
	for i, out := range outputs {
		if !p.asExpected(i, out, n) {
			return fmt.Errorf("a batch of %d gives the output %s as %s %v, must be %s %s",
				n, p.Outputs[i].Name, out.Type, out.Shape, p.Outputs[i].Type, shown(p.OutputShape(i, n)))
		}
	}
	return nil
}

func (p *Plan) asExpected(i int, out tensor.Tensor, n int) bool {
	want := p.want[i]
	if out.Type != p.Outputs[i].Type || len(out.Shape) != 1+len(want) || out.Shape[0] != int64(n) {
		return false
	}
	for k, size := range out.Shape[1:] {
		if size < 0 || size != want[k] && want[k] != family.Open {
			return false
		}
	}
	return countable(out.Shape[1:]) && len(out.Data) >= tensor.Len(out.Shape)*out.Type.Size()
}

// countable: one picture's values can be held, whatever is still open.
func countable(shape []int64) bool {
	values := int64(1)
	for _, size := range shape {
		if size > maxValues {
			return false
		}
		if values *= max(size, 1); values > maxValues {
			return false
		}
	}
	return true
}

// shown is a shape for messages.
func shown(shape []int64) string {
	s := make([]any, len(shape))
	for i, size := range shape {
		if s[i] = size; size == family.Open {
			s[i] = "any"
		}
	}
	return fmt.Sprint(s)
}
