// Package processors holds what runs on a batch of pictures: the [Processor]
// interface, ready-made small ones, and one package below it per real
// processor (motion, onnx, …).
//
// How to choose: a function that looks at pictures is a [Func]; a type of your
// own with a model or a device to set up implements [Processor]; several that
// run one after another on the same pictures are one [Chain]; [Nop] does
// nothing, for tests and measurements. Package processortest proves that an
// implementation keeps the contract.
//
// # Who calls what
//
// A processor is owned by one caller, the batch coordinator. Start, Process
// and Stop are called from one goroutine locked to one OS thread, one at a
// time, so a processor needs no locks and may keep contexts that belong to a
// thread. The order is Start, then Process any number of times, then Stop:
//
//   - Start that returns an error or panics is never followed by Stop: it
//     undoes what it had done.
//   - After Start succeeded, Stop is called exactly once, also after errors and
//     panics of Process, and nothing is called after it.
//
// Traits may be called at any time, from any goroutine.
//
// # Who owns what
//
// The batch slice, the entries and the frames belong to the caller. Until
// Process returns the pictures may be read; nothing of them is written, kept
// or retained. What a processor puts into an entry's Output belongs to the
// receiver from then on: it is shared with readers in other goroutines, so it
// is never changed or used again for the next batch, and it does not point
// into the pictures.
//
// # Work beside the batches
//
// A processor that is a [Preparer] too is given entries that wait for their
// batch, on other goroutines, so that part of the work is done when the batch
// is cut: what it returns is the entry's Prepared, which is released after
// Process, or when the entry leaves the queue unprocessed. And one that sets an
// entry's Finish has the rest of the work done after Process has returned,
// beside the next batch. Both belong to the processor, and must stay good after
// Stop. Who calls Process itself calls Finish, or Release, for every entry that
// has one; processors that use it let that be chosen.
//
// # Errors
//
// An error of Start means that the processor cannot be used; it names what is
// missing and what to do. An error of Process fails every entry of the batch;
// an Err set on an entry fails that entry alone. A panic is contained and
// counts as an error of the batch. A processor that has failed is called again
// with the next batch.
package processors
