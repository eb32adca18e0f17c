// Copyright the Drydock authors
// SPDX-License-Identifier: Apache-2.0

extension BinaryInteger {
    func roundedDown(toMultipleOf unit: Self) -> Self {
        self / unit * unit
    }

    func roundedUp(toMultipleOf unit: Self) -> Self {
        (self + unit - 1).roundedDown(toMultipleOf: unit)
    }
}
