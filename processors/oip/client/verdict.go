package client

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// verdict is what a failed call says about its endpoint and about another try.
type verdict struct {
	// blame the endpoint: it counts towards going out of use.
	blame bool
	// atOnce: it goes out of use now; the next call would meet the same.
	atOnce bool
	// elsewhere: another endpoint may do better; again: this one, too.
	elsewhere, again bool
}

// judge reads the code alone: texts differ between servers. A call that was
// given up by its caller is not judged.
func judge(err error) verdict {
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled: // ours were sorted out before: this is the server's
		return verdict{blame: true, elsewhere: true, again: true}
	case codes.Aborted, codes.ResourceExhausted: // alive, and busy
		return verdict{elsewhere: true, again: true}
	case codes.DeadlineExceeded:
		return verdict{blame: true, elsewhere: true}
	case codes.Unauthenticated, codes.PermissionDenied, codes.NotFound, codes.Unimplemented:
		return verdict{blame: true, atOnce: true}
	case codes.InvalidArgument, codes.OutOfRange: // what was sent
		return verdict{}
	}
	return verdict{blame: true}
}
