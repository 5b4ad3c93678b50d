import Dynamics
import Testing

@Suite struct RegularizationGroupsTests {
  @Test("Every regularization is in one group, whatever their order")
  func partition() {
    let values = [1e-2, 0, 1e-6, 1e-4, 3e-6, 1e-5, 2e-2, 1e-6]
    let groups = RegularizationGroups.of(values)
    #expect(groups.flatMap(\.self).sorted() == Array(values.indices))
  }

  @Test("All of a group are within a decade of its middle, and zero is alone")
  func decades() {
    let values = [0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    for group in RegularizationGroups.of(values) {
      let middle = values[RegularizationGroups.middle(of: group, values)]
      if group.count > 1 { #expect(!group.contains(0)) }
      for index in group where middle > 0 {
        #expect(values[index] <= middle * 10.0001 && values[index] >= middle / 10.0001)
      }
    }
  }

  @Test("Powers of ten share a factor in threes")
  func threes() {
    #expect(RegularizationGroups.of([1e-6, 1e-5, 1e-4]).count == 1)
    #expect(RegularizationGroups.of([1e-6, 1e-5, 1e-4, 1e-3]).count == 2)
    #expect(RegularizationGroups.of([]).isEmpty)
  }
}
