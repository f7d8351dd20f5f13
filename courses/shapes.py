"""The shapes kept in the JSON fields of this room."""

Intervals = list[list[float]]  # [[from_s, to_s], …], sorted, disjoint
SectionSeconds = dict[str, float]  # section id → seconds credited
