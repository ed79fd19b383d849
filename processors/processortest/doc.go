// Package processortest proves that a processor keeps the contract of package
// processors, and makes pictures to try processors on. A test of an
// implementation is one call:
//
//	func TestContract(t *testing.T) {
//		processortest.Run(t, func() (processortest.Processor, error) { return mine.New(cfg) })
//	}
package processortest
