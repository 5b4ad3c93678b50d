extension Form {
  /// A list whose elements are each read by the form `element`.
  ///
  /// - Parameters:
  ///   - noun: the elements in the plural.
  ///   - example: a list as it is written.
  ///   - isEmptyAllowed: whether the list may be empty.
  package static func list<Element>(
    of element: Form<Element>, _ noun: String, example: String, isEmptyAllowed: Bool = false
  ) -> Form where Value == [Element] {
    list(element, "a list of \(noun), e.g. \(example)", isEmptyAllowed) { _, _, _ in }
  }

  /// A list whose elements are in ascending order, without duplicates.
  package static func ascending<Element: Comparable>(
    _ element: Form<Element>, _ noun: String, example: String, isEmptyAllowed: Bool = false
  ) -> Form where Value == [Element] {
    list(
      element, "a list of \(noun) in ascending order, e.g. \(example)", isEmptyAllowed
    ) { (list, item, elements) throws(JobError) in
      guard elements.count > 1 else { return }
      let last = elements[elements.count - 2]
      guard elements[elements.count - 1] <= last else { return }
      throw item.error(
        .outOfRange,
        "\(item.path) is \(item.node.words) after \(element.text(last).flow); write the values of "
          + "\(list.path) in ascending order, each once")
    }
  }

  /// A list with a check. `check` gets the list, an element, and all elements up to this element.
  private static func list<Element>(
    _ element: Form<Element>, _ words: String, _ isEmptyAllowed: Bool,
    check: @escaping @Sendable (_ list: Item, Item, [Element]) throws(JobError) -> Void
  ) -> Form where Value == [Element] {
    Form(words: words) { (item) throws(JobError) in
      var elements: [Element] = []
      for part in try item.elements(of: words) {
        elements.append(try part.value(element))
        try check(item, part, elements)
      }
      guard isEmptyAllowed || !elements.isEmpty else {
        throw item.outOfRange(allowed: words + ", with at least one element")
      }
      return elements
    } text: {
      .list($0.map(element.text))
    }
  }
}
