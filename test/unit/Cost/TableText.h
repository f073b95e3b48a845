//===- TableText.h - Text of cost tables that tests write -------*- C++ -*-===//

#ifndef ACESO_TEST_UNIT_COST_TABLETEXT_H
#define ACESO_TEST_UNIT_COST_TABLETEXT_H

#include <string>

namespace aceso::test {

/// First line of an op table in the published format.
inline const std::string opHeader =
    "op_name,forward-compute,backward-compute,input_size,output_size,weights,activations,"
    "fwd_reserved,bwd_reserved";

} // namespace aceso::test

#endif // ACESO_TEST_UNIT_COST_TABLETEXT_H
