layers-earlier = Earlier text, quoted
layers-others = This part was written by another person
layers-others-who = This part was written by another person: { $who }
layers-others-who-when = This part was written by another person: { $who }, { $when }
layers-hint = Next time you may black out or leave out other people’s names.
