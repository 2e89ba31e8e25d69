"""Programs put between those of an Apertium mode, which mend what its rules spoil.

Both are in Perl, which Debian always has, read and write Apertium's stream and flush on the null
character as the others do.
"""

from typing import Final

# Acronyms that the dictionary knows only as words of a sentence become unknown words, which stay
# as they are: "IT", "HAM", "PET"; of those that it knows as both, the acronym is meant: "WHO".
# Words in capitals beside others ("CALL NOW") and conjunctions, adverbs and auxiliaries ("NOT")
# are emphasised and are translated.
_ACRONYMS: Final = r"""
sub acronym {
    my ($whole, $word, $readings) = @_;
    my @names = grep { /<(?:acr|num)>/ || (/<np><loc>/ && length $word < 4) } split "/", $readings;
    return "^$word/" . join("/", @names) . "\$" if @names;
    return $whole if $readings =~ /^[*]|<(?:cnjcoo|adv|vaux)>/;
    return "^$word/*$word\$";
}
sub run {
    my ($run) = @_;
    return $run if $run =~ /\$ \^/;
    return $run =~ s<\^([A-Z]{2,6}s?)/([^\$]*)\$><acronym($&, $1, $2)>ger;
}
s<(?:\^[A-Z]{2,6}s?/[^\$]*\$ ?)+><run($&)>ge
"""

# Rules move words and leave the blanks between them where they are, such as the empty ones around
# a hyphen: "clinically-available methods" became one word. A number may be joined to what no
# dictionary knows: "3D", "5mg".
_JOINED_WORDS: Final = r"""
s<(\^[*@#]?\w[^\$]*\$)(?=\^#?\w)><$1 >g;
s<(\^[*@#]?(?!\d)\w[^\$]*\$)(?=\^[*@]\w)><$1 >g
"""


def _perl(program: str) -> str:
    inline = " ".join(program.split())
    return f"perl -CS -0pe 'BEGIN {{ $| = 1 }} {inline}'"


KEEP_ACRONYMS: Final = _perl(_ACRONYMS)
PART_WORDS: Final = _perl(_JOINED_WORDS)
