package onnx

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	ort "github.com/yalue/onnxruntime_go"
)

// provider is one of ONNX Runtime's execution providers: what runs a model, or
// parts of it, on one kind of device.
type provider struct {
	name string
	add  func(*ort.SessionOptions, map[string]string) error
	// needs says what must be installed for it.
	needs string
}

// CPU is the provider that every ONNX Runtime has.
const CPU = "cpu"

// providers are those that the binding can ask for, by what they run on, but
// for WebGPU, which ends the process where there is no Vulkan driver.
var providers = []provider{
	{CPU, func(*ort.SessionOptions, map[string]string) error { return nil }, "nothing"},
	{"tensorrt", addTensorRT, "an NVIDIA GPU with its driver, and an ONNX Runtime built with TensorRT, with its libonnxruntime_providers_tensorrt.so, TensorRT and CUDA"},
	{"cuda", addCUDA, "an NVIDIA GPU with its driver, and an ONNX Runtime built with CUDA, with its libonnxruntime_providers_cuda.so, CUDA and cuDNN"},
	{"nv_tensorrt_rtx", named("NvTensorRtRtx"), "an NVIDIA RTX GPU, and an ONNX Runtime built with TensorRT for RTX"},
	{"migraphx", named("MIGraphX"), "an AMD GPU with ROCm and MIGraphX, and an ONNX Runtime built with them"},
	{"openvino", (*ort.SessionOptions).AppendExecutionProviderOpenVINO, "an Intel CPU, GPU or NPU, and an ONNX Runtime built with OpenVINO, with its libonnxruntime_providers_openvino.so and OpenVINO's runtime"},
	{"qnn", named("QNN"), "a Qualcomm processor, and an ONNX Runtime built with QNN"},
	{"vitisai", named("VitisAI"), "an AMD NPU, and an ONNX Runtime built with Vitis AI"},
	{"coreml", (*ort.SessionOptions).AppendExecutionProviderCoreMLV2, "a Mac, and an ONNX Runtime built with Core ML"},
	{"xnnpack", named("XNNPACK"), "an ONNX Runtime built with XNNPACK"},
}

func named(name string) func(*ort.SessionOptions, map[string]string) error {
	return func(o *ort.SessionOptions, options map[string]string) error {
		return o.AppendExecutionProvider(name, options)
	}
}

func addCUDA(o *ort.SessionOptions, options map[string]string) error {
	cuda, err := ort.NewCUDAProviderOptions()
	if err != nil {
		return err
	}
	defer cuda.Destroy()
	if err := cuda.Update(options); err != nil {
		return err
	}
	return o.AppendExecutionProviderCUDA(cuda)
}

func addTensorRT(o *ort.SessionOptions, options map[string]string) error {
	rt, err := ort.NewTensorRTProviderOptions()
	if err != nil {
		return err
	}
	defer rt.Destroy()
	if err := rt.Update(options); err != nil {
		return err
	}
	return o.AppendExecutionProviderTensorRT(rt)
}

func providerNames() (all []string) {
	for _, p := range providers {
		all = append(all, p.name)
	}
	return all
}

// providerOf is the provider of a name that Validate has passed.
func providerOf(name string) provider {
	return providers[slices.IndexFunc(providers, func(p provider) bool { return p.name == name })]
}

// join asks for the provider in a session's options. Its error says what must
// be installed.
func (p provider) join(o *ort.SessionOptions, options map[string]string) error {
	if err := p.add(o, options); err != nil {
		return fmt.Errorf("%w; it needs %s", plainly(err), p.needs)
	}
	return nil
}

// source is where in the runtime's source an error comes from, which it puts in
// front of what it says.
var source = regexp.MustCompile(`^\S*onnxruntime_src/\S+ .*?\) `)

// plainly is the runtime's reason without that and without its error codes.
func plainly(err error) error {
	text := err.Error()
	if _, reason, ok := strings.Cut(text, "[ONNXRuntimeError] : "); ok {
		for range 2 { // the code and its name
			if _, rest, ok := strings.Cut(reason, " : "); ok {
				reason = rest
			}
		}
		text = reason
	}
	return errors.New(strings.TrimSuffix(strings.TrimSpace(source.ReplaceAllString(text, "")), "."))
}
