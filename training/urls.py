"""Addresses outside the back office: what a person signs, and what the code on a card leads to."""

from django.urls import path

from training.views import cards, signing

app_name = "training"
urlpatterns = [
    path("sign/", signing.own_rows, name="sign-list"),
    path("sign/<int:record_id>/", signing.sign_own_row, name="sign-row"),
    path("me/training-file.pdf", cards.own_file, name="own-file"),
    path("card/<uuid:public_id>.pdf", cards.own_card, name="own-card"),
    path("card/<uuid:public_id>/", cards.card_check, name="card-check"),
]
