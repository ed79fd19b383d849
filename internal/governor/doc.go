// Package governor lowers the rates of the feeds of one processor while it has
// more to do than it can, and raises them when it can do more.
//
// Without it nothing falls over either: each feed keeps only its newest frame for
// a busy processor, and older ones are superseded. But then every feed always has
// a frame waiting, results are as old as a full queue makes them and come at odd
// moments, weights mean little, and nobody is told. So the governor looks once a
// second at what each feed wanted, was served and lost, and answers with a target
// for each:
//
//   - More than a tenth lost for three seconds by a processor that is busy all the time is overload. What was served
//     meanwhile is what the processor can do; the feeds get 95 % of it, by weight,
//     none more than it wants. What one does not want the others have.
//   - When less than a fiftieth was lost for five seconds, 10 % more are tried, then
//     20 % and 40 %; or what it could do in the time that it was idle, up to twice as
//     much. If that loses more it is taken back, and the next try waits
//     twice as long, up to 20 s. In between nothing changes.
//   - No feed gets less than a stated floor. Where the floors do not fit every feed
//     has its floor, and that is an event.
//   - Where few feeds lose and the others do not, it is not for want of the
//     processor's time that they do (one is processed alone, say). Then those are
//     limited to what they get, and the others keep what they have.
//
// It is passive and knows no clock: whoever counts calls Observe.
package governor
