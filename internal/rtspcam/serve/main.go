// Command serve makes test cameras of films: each is served over RTSP on
// loopback, looped as live, with its sound if it has any. It prints a URL for
// each and serves until it is interrupted.
//
//	go run ./internal/rtspcam/serve [-port 8600] FILM.mp4 ...
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/nvpipe/nvpipe/internal/rtspcam"
)

func main() {
	port := flag.Int("port", 0, "port of the first camera, the others follow; 0: free ones")
	flag.Parse()
	if err := serve(*port, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(1)
	}
}

func serve(port int, films []string) error {
	for i, film := range films {
		clip, err := rtspcam.ReadMP4(film)
		if err != nil {
			return fmt.Errorf("%s: %w", film, err)
		}
		address := "127.0.0.1:0"
		if port != 0 {
			address = fmt.Sprintf("127.0.0.1:%d", port+i)
		}
		camera := rtspcam.New(clip, rtspcam.Options{Address: address, FromPlay: true})
		if err := camera.Start(); err != nil {
			return err
		}
		defer camera.Close()
		fmt.Println(camera.URL(), film)
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT, syscall.SIGTERM)
	<-interrupted
	return nil
}
