import Dynamics
import Foundation
import Testing

@Suite struct CrossEntropyTests {
  @Test("The gradient is the derivative of the loss")
  func gradient() {
    let f = [0.3, -1.2, 2.0, 0.1, 0.0, -0.4]
    let targets = [1.0, 0, 0, 0.2, 0.5, 0.3]
    let gradient = CrossEntropy.gradient(f, targets: targets, classes: 3, outputs: 6)
    for index in f.indices {
      func loss(_ step: Double) -> Double {
        var moved = f
        moved[index] += step
        return TrainingLoss.value(.crossEntropy, moved, targets, classes: 3)
      }
      #expect(abs((loss(1e-5) - loss(-1e-5)) / 2e-5 - gradient[index]) < 1e-9)
    }
  }

  @Test("Large outputs do not overflow")
  func large() {
    #expect(CrossEntropy.logSum([1000, 1000]) == 1000 + log(2))
    #expect(CrossEntropy.logSum([-1e300, 0]) == 0)
  }
}
