/// A convolution, or a locally connected layer, on pairs of pixels:
///
///     K <- w A(K) + b,    Theta <- K_new + w A(Theta),
///     A(M)[a,a'] = 1/|F| sum_{f in F} M[a + f, a' + f]
///
/// (`stax.Conv`, `stax.ConvLocal`; NTK parameterization.)
package struct ConvolutionStep: Sendable, Equatable {
  /// The windows down the image and across it.
  let vertical: AxisWindow
  let horizontal: AxisWindow
  /// w, b, and whether the parameters are trained.
  let affine: AffineStep
  /// Whether every output pixel has its own weights; different pixels are then independent.
  let isLocal: Bool

  /// Shapes before and after the convolution.
  var input: PixelShape { PixelShape(height: vertical.input, width: horizontal.input) }
  var output: PixelShape { PixelShape(height: vertical.output, width: horizontal.output) }

  /// w / |F|.
  var tapWeight: Double { affine.weightVariance / Double(vertical.size * horizontal.size) }
}
